"""How ledgers of many programs name their columns and document types, for the proposal of a profile."""

COLUMN_WORDS = {
    "customer_name": (
        r"(customer|client|debtor|account)\s*name", "(客户|购货单位|单位|往来单位|客商)名称", "购货单位",
        "往来单位", "客商", "kundenname",
    ),
    "customer": (
        r"customer([\s_]*(id|no|code|number))?", r"account([\s_]*(id|no|code|number))?", r"client([\s_]*(id|code))?",
        r"debtor([\s_]*(id|no|code))?", r"contact", r"name", "(客户|单位|客商)(编码|代码|编号|号)", "客户", "konto",
        "kunde(nnr|nnummer)?", "debitor(ennr)?",
    ),
    "settles": (r"applied[\s_]*to", r"settles", r"reference", "核销(单据号|单号)"),
    "number": (
        r"invoice([\s_]*(no|num|number|id))?", r"doc(ument)?[\s_]*(no|num|number|id)",
        r"(transaction|trx)[\s_]*(no|number)", r"number", r"num", r"bill[\s_]*no", "(单据|发票|票据)(号|号码|编号)",
        "单号", "凭证(号|号码|编号|字号)", "belegn(ummer|r)", "rechnungsn(ummer|r)",
    ),
    "kind": (
        r"((doc(ument)?|transaction|trx)[\s_]*)?(type|kind|class)", "(单据|业务)?(类型|类别)", "belegart",
    ),
    "due_date": (
        r"(net[\s_]*)?due([\s_]*(date|in.*))?", r"baseline.*", "(到期|应收)日期?", "(netto)?fällig(keit|keitsdatum)?",
    ),
    "document_date": (
        r"(invoice|doc(ument)?|bill|transaction|trx)[\s_]*date", r"date", r"posting[\s_]*date",
        "(单据|开票|发票|业务|凭证|记账)?日期", "belegdatum", "rechnungsdatum", "buchungsdatum",
    ),
    "currency": (
        r"currency([\s_]*code)?", r"(invoice|doc|local)[\s_]*currency", r"ccy", r"curr", "币[种别]",
        "货币", "(haus)?währung",
    ),
    "quantity": (r"quantity", r"qty", "数量", "menge"),
    "price": (r"unit[\s_]*price", r"price", "单价", "einzelpreis"),
    "amount": (
        r"((invoice|total|open|net|gross|local)[\s_]*)*amount", r"amount[\s_]*in[\s_].*", r"total",
        "(发票|原币|含税|应收)?金额", "价税合计", "betrag.*", "(brutto|rechnungs)betrag",
    ),
    "debit": (r"debits?([\s_]*amount)?", r"dr", "借方(发生额|金额)?", "soll"),
    "credit": (r"credits?([\s_]*amount)?", r"cr", "贷方(发生额|金额)?", "haben"),
    "disputed": (r"disputed?", "争议"),
    "description": (r"description", r"text", r"memo", r"details", "摘要", "备注"),
    "country": (r"country([\s_]*code)?", "国家", "land"),
}  # fmt: skip
"""Headers as whole texts, in the order in which fields choose; the first match of a column wins."""

KIND_WORDS = {
    "invoice": (
        "inv", "tax invoice", "accrec", "rv", "rechnung", "发票", "销售发票", "增值税发票", "蓝字发票", "应收单",
        "销售出库单",
    ),
    "debit_memo": ("debit note", "debit memo", "dm", "dn"),
    "credit_memo": (
        "credit note", "credit memo", "credit", "cm", "cn", "dg", "accreccredit", "gutschrift", "红字发票",
        "红字应收单", "退货单", "销售退货",
    ),
    "receipt": ("payment", "customer payment", "pmt", "cash", "dz", "zahlung", "收款", "收款单", "回款"),
    "write_off": ("write off", "write-off", "bad debt", "坏账", "核销"),
    "opening": ("opening balance", "balance forward", "期初", "期初余额"),
}  # fmt: skip
"""What programs write in the column of types, besides our own names; compared without case."""
