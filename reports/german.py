"""The German of what is printed in German: confirmation letters go to customers whose books are kept in it."""

GERMAN = {
    "Confirmation of balance": "Saldenbestätigung",
    "Second request": "Zweite Anfrage",
    "To": "An",
    "Letter number": "Nummer",
    "As of": "Stichtag",
    "Reply by": "Antwort bis",
    "Customer number": "Kundennummer",
    "To compare our books with yours, we ask you to confirm the balance of your account with us as of {day}.": (
        "Zum Abgleich unserer Bücher mit Ihren bitten wir Sie, den Saldo Ihres Kontos bei uns zum {day} zu bestätigen."
    ),
    "Our auditor {auditor} is examining our financial statements. As auditing standards require, we ask you to confirm "
    "the balance of your account with us as of {day}.": (
        "Unser Abschlussprüfer {auditor} prüft unseren Jahresabschluss. Den Prüfungsstandards entsprechend bitten wir "
        "Sie, den Saldo Ihres Kontos bei uns zum {day} zu bestätigen."
    ),
    "The amounts below are taken from our books. If they agree with yours, please sign under “Confirmed as correct”; "
    "if they do not, please state your amount and the reason under “Does not agree”.": (
        "Die folgenden Beträge stammen aus unseren Büchern. Stimmen sie mit Ihren überein, unterschreiben Sie bitte "
        "unter „Saldo wird bestätigt“; andernfalls nennen Sie bitte Ihren Betrag und den Grund unter „Saldo stimmt "
        "nicht“."
    ),
    "The amounts below are taken from our books. Please reply only if they do not agree with yours. If we hear nothing "
    "by {day}, we take it that you have no objection.": (
        "Die folgenden Beträge stammen aus unseren Büchern. Bitte antworten Sie nur, wenn sie nicht mit Ihren "
        "übereinstimmen. Hören wir bis zum {day} nichts von Ihnen, gehen wir davon aus, dass Sie nichts einwenden."
    ),
    "Please enter the balance according to your own books, whatever it is, and sign.": (
        "Bitte tragen Sie den Saldo nach Ihren eigenen Büchern ein, wie hoch er auch ist, und unterschreiben Sie."
    ),
    "Please reply by {day}: with the code on this page or the link in our mail, or by returning this letter, "
    "signed and sealed.": (
        "Bitte antworten Sie bis zum {day}: über den Code auf dieser Seite oder den Link in unserer E-Mail, oder "
        "senden Sie uns dieses Schreiben unterschrieben und gestempelt zurück."
    ),
    "Please reply by {day} directly to the auditor: with the code on this page or the link in our mail, or by sending "
    "this letter, signed and sealed, to {auditor}, {email}.": (
        "Bitte antworten Sie bis zum {day} direkt dem Abschlussprüfer: über den Code auf dieser Seite oder den Link in "
        "unserer E-Mail, oder senden Sie dieses Schreiben unterschrieben und gestempelt an {auditor}, {email}."
    ),
    "Please reply by {day} by returning this letter, signed and sealed.": (
        "Bitte antworten Sie bis zum {day}, indem Sie uns dieses Schreiben unterschrieben und gestempelt zurücksenden."
    ),
    "Please reply by {day} directly to the auditor: send this letter, sealed, to {auditor}, {email}.": (
        "Bitte antworten Sie bis zum {day} direkt dem Abschlussprüfer: Senden Sie dieses Schreiben unterschrieben und "
        "gestempelt an {auditor}, {email}."
    ),
    "If they do not agree, please reply to us.": "Stimmen sie nicht, antworten Sie bitte uns.",
    "If they do not agree, please reply directly to the auditor: {auditor}, {email}.": (
        "Stimmen sie nicht, antworten Sie bitte direkt dem Abschlussprüfer: {auditor}, {email}."
    ),
    "This letter only serves to compare the accounts; it is no request for payment.": (
        "Dieses Schreiben dient nur dem Abgleich der Konten und ist keine Zahlungsaufforderung."
    ),
    "Please reply even if the amounts have been paid since.": (
        "Bitte antworten Sie auch, wenn die Beträge inzwischen bezahlt sind."
    ),
    "Currency": "Währung",
    "You owe us": "Sie schulden uns",
    "We owe you": "Wir schulden Ihnen",
    "Your balance": "Ihr Saldo",
    "Conclusion": "Ergebnis",
    "Confirmed as correct": "Saldo wird bestätigt",
    "Does not agree": "Saldo stimmt nicht",
    "The above agrees with our books.": "Die Angaben stimmen mit unseren Büchern überein.",
    "Our books show the following amounts, for the following reason:": (
        "Unsere Bücher zeigen folgende Beträge, aus folgendem Grund:"
    ),
    "The balance above is taken from our books.": "Der eingetragene Saldo stammt aus unseren Büchern.",
    "Place of the seal": "Stempel",
    "Name and position": "Name und Funktion",
    "Signature": "Unterschrift",
    "Date": "Datum",
    "Seal and signature of {company}": "Stempel und Unterschrift {company}",
    "Reply here": "Hier antworten",
}
"""The English sentence is the key, as it is of the Chinese."""


def german(sentence: str, **values: object) -> str:
    """`sentence` in German, with its places filled. Raises KeyError for one that is not printed in German."""
    return GERMAN[sentence].format(**values)
