"""What a person is told when something is refused: what, which one, what now, in their language."""

from words.catalog import translate


class Refusal(Exception):
    """Base of every typed refusal. A subclass sets `code`, `sentence` and `remedy` in English with {places}.

    `api/errors.py` maps the class to an HTTP status; the command line exits with 2.
    """

    code = "refused"
    sentence = "This is not possible."
    remedy = ""

    def __init__(self, **values: object) -> None:
        """`values` fill the places of the sentence and the remedy."""
        self.values = values
        super().__init__(self.text("en"))

    def text(self, language: str) -> str:
        """The sentence in "zh" or "en"."""
        return translate(self.sentence, language, **self.values)

    def remedy_text(self, language: str) -> str:
        """What to do now, in "zh" or "en"."""
        return translate(self.remedy, language, **self.values) if self.remedy else ""
