"""Made-up names of customers and their people, composed of our own word lists; none is a real company's."""

from itertools import count
from random import Random

_CITIES = ("苏州", "宁波", "青岛", "东莞", "成都", "武汉", "厦门", "合肥", "无锡", "西安", "长沙", "昆山")
_FIRST = ("喆", "堃", "昇", "恒", "泓", "瑞", "澜", "屹", "朗", "铭", "鑫", "霁")
_SECOND = ("泰", "达", "源", "辰", "禾", "衡", "越", "岚", "川", "睿", "航", "沃")
_TRADES = ("精密机械", "电子科技", "贸易", "自动化设备", "新材料", "医疗器械", "包装制品", "仪器仪表", "食品", "供应链")
_LATIN = ("Nova", "K&M", "E-Lin", "Orbi", "Tek", "3D")
_SURNAMES = ("王", "李", "张", "刘", "陈", "杨", "赵", "周", "吴", "欧阳", "喻", "沈")
_GIVEN = ("建国", "晓雯", "志强", "丽华", "喆", "堃", "思远", "雨桐", "明哲", "佳怡", "昇平", "海燕")

_ROOTS = ("Harbour", "Finch", "Larkfield", "Ashdown", "Pinegate", "Millbrook", "Coppice", "Sterling Row", "Westmere")
_GOODS = ("Instruments", "Tools", "Supplies", "Fittings", "Optics", "Trading", "Components", "Foods")
_GERMAN = ("Nordlicht", "Hügelmann", "Weißbach", "Lindhorst", "Birkenau", "Grünthal")
_GERMAN_GOODS = ("Maschinenbau", "Messtechnik", "Werkzeuge", "Elektronik", "Handel")
_FRENCH = ("Clairval", "Montépin", "Rivesaule", "Hauteroche")
_JAPANESE = ("Kitamori", "Asahikawa Seiki", "Minatogawa", "Hoshiyama", "Tokiwadai")
_PEOPLE = {
    "en": (("Dana", "Owen", "Priya", "Maeve", "Colin", "Ruth"), ("Whitfield", "Barrow", "Nair", "Quinn", "Harte")),
    "de": (("Jürgen", "Anke", "Lutz", "Silke"), ("Köster", "Brandt", "Vogel", "Möller")),
    "fr": (("Élodie", "Bastien", "Maëlle"), ("Garnier", "Lefort", "Péron")),
    "ja": (("Haruka", "Kenji", "Yumi"), ("Tanabe", "Morioka", "Shirai")),
}

COUNTRIES = {"CN": "CNY", "US": "USD", "GB": "USD", "SG": "USD", "DE": "EUR", "FR": "EUR", "JP": "JPY"}
"""Where the sample's customers are, and the currency in which they are billed."""

TRIES = 50
"""The word lists give twenty Japanese names; when so many draws find none that is free, names are numbered."""

_PEOPLE_OF = {"US": "en", "GB": "en", "SG": "en", "DE": "de", "FR": "fr", "JP": "ja"}


def company_name(random: Random, country: str, taken: set[str]) -> str:
    """A name in the country's manner that is not `taken` yet; adds it there."""
    for number in count(1):
        name = _chinese(random) if country == "CN" else _foreign(random, country)
        if number > TRIES:
            name = f"{name} {number - TRIES + 1}"
        if name not in taken:
            break
    taken.add(name)
    return name


def person_name(random: Random, country: str) -> str:
    """A person's name in the country's manner."""
    if country == "CN":
        return random.choice(_SURNAMES) + random.choice(_GIVEN)
    first, last = _PEOPLE[_PEOPLE_OF[country]]
    return f"{random.choice(first)} {random.choice(last)}"


def shop_name(head: str, city: str, country: str) -> str:
    """A branch of a head office: "喆泰（苏州）…门店（武汉）", "Finch Tools Ltd – Leeds"."""
    return f"{head}{city}门店" if country == "CN" else f"{head} – {city}"


def shop_city(random: Random, country: str) -> str:
    """A town for a branch."""
    return random.choice(_CITIES if country == "CN" else ("Leeds", "Bristol", "Norwich", "Perth", "Cardiff", "York"))


def _chinese(random: Random) -> str:
    word, city, trade = random.choice(_FIRST) + random.choice(_SECOND), random.choice(_CITIES), random.choice(_TRADES)
    form = random.choice(("latin", "city inside", "city inside", "plain", "plain", "plain"))
    if form == "latin":
        return f"{random.choice(_LATIN)}{word}（{city}）{trade}有限公司"
    if form == "city inside":
        return f"{word}（{city}）{trade}有限公司"
    return f"{city}{word}{trade}{random.choice(('有限公司', '股份有限公司', '有限责任公司'))}"


def _foreign(random: Random, country: str) -> str:
    if country == "DE":
        return (
            f"{random.choice(_GERMAN)} {random.choice(_GERMAN_GOODS)} {random.choice(('GmbH', 'GmbH & Co. KG', 'AG'))}"
        )
    if country == "FR":
        goods, form = random.choice(("et Fils", "Outillage", "Distribution")), random.choice(("SARL", "SAS"))
        return f"{random.choice(_FRENCH)} {goods} {form}"
    if country == "JP":
        return f"{random.choice(_JAPANESE)} {random.choice(('Seisakusho', 'Shokai', 'Denki', 'Kogyo'))} K.K."
    ending = {"US": "Inc.", "GB": "Ltd", "SG": "Pte. Ltd."}[country]
    joined = " & ".join(random.sample(_ROOTS, 2)) if random.random() < 1 / 3 else random.choice(_ROOTS)
    return f"{joined} {random.choice(_GOODS)} {ending}"
