"""What messages say, how they become MIME, and who carries them."""
