"""Tables of Chinese banks and wallets as they export them: each recognised, signed and held against its own figures."""

from dataclasses import dataclass
from decimal import Decimal

import pytest

from connectors.bank.layouts import MapInvalid, parse_map
from connectors.bank.read import read_bank_content
from connectors.bank.statement import BankFile


@dataclass(frozen=True, slots=True)
class Case:
    """A table, the layout it must be found to be, its amounts and whether it ties."""

    layout: str
    text: str
    amounts: tuple[str, ...]
    ties: bool | None
    first: tuple[str, str, str] = ("", "", "")  # day, counterparty, reference of the first line
    account: str = ""
    encoding: str = "gb18030"


CASES = {
    "icbc, card": Case(
        "icbc",
        '明细查询文件下载\n\n卡号: 6222****1111,"卡别名: 工资卡"\n\n子账户序号: 00000,子账户类别: 活期\n\n'
        "交易日期,摘要,交易场所,交易国家或地区简称,钞/汇,交易金额(收入),交易金额(支出),交易币种,记账金额(收入),"
        "记账金额(支出),记账币种,余额,对方户名\n"
        '2026-05-02     \t,"消费   \t","超市  \t","CHN  \t",钞   \t,"-   \t","-  \t",-   \t,"   \t",'
        '"13.40   \t",人民币  \t,"1,186.60  \t","某某科技 \t",\n'
        '2026-05-01     \t,"工资   \t","     \t","CHN  \t",钞   \t,"-   \t","-  \t",-   \t,"1,200.00 \t",'
        '"    \t",人民币  \t,"1,200.00  \t","某公司  \t",\n'
        ' \n人民币合计,,,,,,,,"1,200.00  \t","13.40  \t",\n',
        ("-13.40", "1200.00"), True, ("2026-05-02", "某某科技", ""), "6222****1111",
    ),
    "icbc, company": Case(
        "icbc-company",
        "中国工商银行 账户明细\n凭证号,本方账号,对方账号,交易时间,借/贷,借方发生额,贷方发生额,对方行号,摘要,"
        "用途,对方单位名称,余额,个性化信息\n"
        '0001,1202001,3301002,2026-06-01 10:11:12,贷,0.00,"10,000.00",102,货款,INV-1001,杭州甲公司,"15,000.00",\n'
        '0002,1202001,3301003,2026-06-02 10:11:12,借,"3,000.00",0.00,102,付款,,乙公司,"12,000.00",\n',
        ("10000.00", "-3000.00"), True, ("2026-06-01", "杭州甲公司", "0001"),
    ),
    "bocom, words in two languages": Case(
        "bocom",
        "序号,交易日期,交易时间,交易类型,借贷,交易金额,余额,对方账号,对方户名,交易地点,摘要\n"
        "1,2026-01-01,00:00:00,存款利息,贷 Cr,1.23,101.23,132313,应付利息,批处理,\n"
        "2,2026-01-02,13:15:12,转账,借 Dr,3.21,98.02,6666,哈哈,其他,\n",
        ("1.23", "-3.21"), True, ("2026-01-01", "应付利息", ""),
    ),
    "ccb, signed amounts": Case(
        "ccb",
        "中国建设银行个人活期账户全部交易明细\n卡号/账号:6217001111,客户名称:张三,起始日期:20260601\n"
        "序号,摘要,币别,钞汇,交易日期,交易金额,账户余额,交易地点/附言,对方账号与户名\n"
        "1,消费,人民币元,钞,20260601,-9.90,90.10,财付通,243300133/财付通\n2,转账存入,人民币元,钞,20260603,"
        "100.00,190.10,货款,6222/李四\n",
        ("-9.90", "100.00"), True, ("2026-06-01", "243300133/财付通", ""), "6217001111",
    ),
    "ccb, company": Case(
        "ccb",
        "建设银行企业网银\n账号,账户名称,交易时间,借方发生额（支取）,贷方发生额（收入）,余额,币种,对方户名,"
        "对方账号,对方开户机构,记账日期,摘要,备注,账户明细编号-交易流水号,企业流水号,凭证种类,凭证号\n"
        '33050161,我司,20260605 14:41:02,0.00,"8,800.00","8,800.00",人民币元,杭州甲公司,3301,工行,20260605,'
        "转账,INV-7,123-N1,,,\n",
        ("8800.00",), True, ("2026-06-05", "杭州甲公司", ""),
    ),
    "cmb, company": Case(
        "cmb-company",
        "招商银行 账务明细\n交易日,交易时间,起息日,交易类型,借方金额,贷方金额,余额,摘要,流水号,业务名称,用途,"
        "业务参考号,收(付)方名称,收(付)方账号\n"
        '20260603,101112,20260603,转账,,"1,000.50","2,000.50",货款,C001,汇款,INV-5,REF1,宁波乙公司,5719\n',
        ("1000.50",), True, ("2026-06-03", "宁波乙公司", "REF1"),
    ),
    "boc, company, headers in two languages": Case(
        "boc-company",
        "中国银行 交易明细\n交易类型[ Transaction Type ],付款人账号[ Debit Account No. ],"
        "付款人名称[ Payer's Name ],收款人账号[ Payee's Account Number ],收款人名称[ Payee's Name ],"
        "交易日期[ Transaction Date ],交易货币[ Trade Currency ],交易金额[ Trade Amount ],"
        "交易后余额[ After-transaction balance ],交易流水号[ Transaction reference number ],摘要[ Reference ],"
        "交易附言[ Remark ]\n"
        "来账,3301,杭州甲公司,4408,我司,20260604,CNY,500.00,1500.00,T1,货款,INV-9\n往账,4408,我司,3302,供应商,"
        "20260605,CNY,-200.00,1300.00,T2,付款,\n",
        ("500.00", "-200.00"), True, ("2026-06-04", "杭州甲公司", ""),
    ),
    "abc, company": Case(
        "abc-company",
        "中国农业银行账户交易明细\n账号：19000101,户名：我司\n交易时间,收入金额,支出金额,账户余额,交易行名,"
        "对方省市,对方账号,对方户名,交易用途\n"
        "2026-06-01 09:00:00,88.00,,188.00,支行,,6228,丙公司,INV-3\n2026-06-02 09:00:00,,8.00,180.00,支行,,,"
        "手续费,收费\n",
        ("88.00", "-8.00"), True, ("2026-06-01", "丙公司", ""), "19000101",
    ),
    "card of cmb: what is spent is positive, no year in the days": Case(
        "cmb-card",
        "招商银行信用卡对账单（个人消费卡账户 2026年01月）\n交易日,记账日,交易摘要,人民币金额,卡号末四位,交易地金额\n"
        ',12/29,掌上生活还款,-1.23,1234,-1.23\n01/05,01/07,中国移动,"8,000.00",1234,"8,000.00(CN)"\n',
        ("1.23", "-8000.00"), None, ("2025-12-29", "", ""),
    ),
    "card of bocom: direction in words": Case(
        "bocom-card",
        "交易日期,记账日期,交易说明,交易币种/金额,入账币种/金额\n2026-01-10,2026-01-10,退货 某商户,CNY 123.18,"
        "CNY 123.18\n2026-01-11,2026-01-12,消费 某商户,CNY 2.99,CNY 2.99\n",
        ("123.18", "-2.99"), None, ("2026-01-10", "", ""),
    ),
    "jd": Case(
        "jd",
        "导出信息：\n京东账号名：shop\n共：3笔记录\n收入：1笔，5.00元\n支出：1笔，91.42元\n不计收支：1笔，20.00元\n\n"
        "交易时间,交易分类,商户名称,交易说明,收/支,金额,收/付款方式,交易状态,交易订单号,商家订单号,备注\n"
        "2026-06-20 06:37:20\t,退款,京东,退款,收入,5.00,零用钱,交易成功,1\t,\t,\n2026-06-21 06:37:20\t,食品,"
        "京东,水,支出,91.42,白条,交易成功,2\t,\t,\n"
        "2026-06-22 06:37:20\t,小金库,京东金融,转入,不计收支,20.00,银行卡,交易成功,3\t,\t,\n",
        ("5.00", "-91.42", "0"), True, ("2026-06-20", "京东", ""), "shop",
    ),
    "alipay, funds: expenses printed negative, totals below": Case(
        "alipay-funds",
        "#支付宝账务明细查询\n#账号：[2088000000000156]\n#-----账务明细列表-----\n"
        "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,"
        "账户余额（元）,交易渠道,业务类型,备注\n"
        "F1\t,B1\t,O1\t,货,2026-06-01 10:00:00,a@b.c,100.00,,100.00,支付宝,在线支付,\nF2\t,B2\t,O2\t,,"
        "2026-06-01 10:00:01,,,-0.60,99.40,支付宝,收费,\n"
        "#-----账务明细列表结束-----\n#支出合计：1笔，共-0.60元\n#收入合计：1笔，共100.00元\n",
        ("100.00", "-0.60"), True, ("2026-06-01", "a@b.c", "O1"), "2088000000000156",
    ),
    "wechat, merchant, revoked and refunded": Case(
        "wechat-merchant",
        "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,"
        "货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,"
        "商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注\n"
        "`2026-06-24 12:45:27,`wx1,`190,`0,`,`420,`pay1,`o1,`NATIVE,`SUCCESS,`OTHERS,`CNY,`9.90,`0.00,`0,`0,"
        "`0.00,`0.00,`,`,`Lily,`,`0.06,`0.60%,`9.90,`0.00,`\n"
        "`2026-06-24 13:45:27,`wx1,`190,`0,`,`420,`pay1,`o1,`NATIVE,`REFUND,`OTHERS,`CNY,`0.00,`0.00,`500,`rfd1,"
        "`3.00,`0.00,`ORIGINAL,`SUCCESS,`Lily,`,`-0.02,`0.60%,`0.00,`3.00,`\n"
        "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\n`2,`9.90,"
        "`3.00,`0.00,`0.04,`9.90,`3.00\n",
        ("9.90", "-3.00"), True, ("2026-06-24", "o1", "pay1"), "", "utf-8",
    ),
    "english, debit and credit, day first found by the 25th": Case(
        "table",
        "Date,Description,Debit,Credit,Balance,Currency\n03/06/2026,INV-1,,10.00,110.00,GBP\n25/06/2026,fee,"
        "2.50,,107.50,GBP\n",
        ("10.00", "-2.50"), True, ("2026-06-03", "", ""), "", "utf-8",
    ),
    "spdb, card: received and withdrawn in columns of their own": Case(
        "spdb",
        "浦发银行 账户明细\n顺序号,交易日期,交易类型,存入金额,取出金额,余额,交易对手名称,交易对手账号,附言\n"
        "1,2026/06/03  14:06:51,网上支付,,3.88,96.12,丁公司,1234,\n2,2026/06/05  07:22:32,汇入,10.00,,106.12,"
        "戊公司,5678,INV-4\n",
        ("-3.88", "10.00"), True, ("2026-06-03", "丁公司", ""),
    ),
    "card of citic: what is spent is positive, bonuses are negative": Case(
        "citic-card",
        "本期账单明细(人民币)\n交易日期,入账日期,交易描述,卡末四位,交易币种,结算币种,交易金额,结算金额\n"
        "2026-06-09,2026-06-10,支付宝－某商户,6688,人民币,人民币,5.90,5.90\n"
        "2026-06-09,2026-06-10,笔笔返,6688,人民币,人民币,-0.20,-0.20\n",
        ("-5.90", "0.20"), None, ("2026-06-10", "", ""),
    ),
    "meituan: what was paid, not what was ordered": Case(
        "meituan",
        "美团交易账单明细\n共：2笔记录\n支出：1笔 21.17元\n收入：1笔 20.00元\n\n"
        "交易创建时间,交易成功时间,交易类型,订单标题,收/支,支付方式,订单金额,实付金额,交易单号,商家单号,备注\n"
        '2026-06-27 20:35:13,2026-06-28 00:05:25,支付,茶,支出,月付,¥22.30,¥21.17,"25\t","0_2\t",/\n'
        '2026-06-27 07:04:17,2026-06-27 07:04:18,退款,蛋挞,收入,银行卡,¥20.00,¥20.00,"26\t","49\t",/\n',
        ("-21.17", "20.00"), True, ("2026-06-28", "", "0_2"), "", "utf-8",
    ),
    "hong kong: two currencies with a balance each, tabs behind the figures": Case(
        "table",
        "Date,Description,Billing amount,Billing currency,Balance,Balance currency\n"
        '24/06/2026,FEE,"-1.00"\t,HKD,"3,612.17"\t,HKD\n20/06/2026,TRANSFER,"500.00"\t,HKD,"3,613.17"\t,HKD\n',
        ("-1.00", "500.00"), True, ("2026-06-24", "", ""), "", "utf-8",
    ),
    "german headers": Case(
        "table",
        "Buchungstag;Valuta;Buchungstext;Betrag;Währung\n2026-06-24;2026-06-24;Gutschrift INV-8;12.50;EUR\n",
        ("12.50",), None, ("2026-06-24", "", ""), "", "utf-8",
    ),
}  # fmt: skip


def _amounts(file: BankFile) -> list[Decimal | None]:
    return [line.amount for statement in file.statements for line in statement.lines]


@pytest.mark.parametrize("name", sorted(CASES))
def test_layouts(name: str) -> None:
    """Recognised by what is in it; amounts signed, day, payer and reference found, figures held against the rows."""
    case = CASES[name]
    file = read_bank_content(case.text.encode(case.encoding))
    assert file.format == case.layout
    assert _amounts(file) == list(map(Decimal, case.amounts))
    assert file.ties is case.ties, [control for one in file.statements for control in one.controls]
    first = file.statements[0].lines[0]
    assert (str(first.booked_on), first.counterparty, first.reference) == case.first
    assert file.statements[0].account == case.account
    assert not file.held, file.findings


@pytest.mark.parametrize("name", sorted(name for name, case in CASES.items() if case.ties and len(case.amounts) > 1))
def test_a_lost_row_is_found(name: str) -> None:
    """Where a table states figures, a row less does not go unseen, but for a balance at its very edge."""
    case = CASES[name]
    whole = read_bank_content(case.text.encode(case.encoding))
    row = whole.statements[0].lines[0].row
    assert row is not None
    lines = case.text.split("\n")
    shorter = read_bank_content("\n".join([*lines[: row - 1], *lines[row:]]).encode(case.encoding))
    assert shorter.ties is not any(statement.controls for statement in whole.statements)


def test_dates_that_can_be_read_two_ways_are_not_guessed() -> None:
    """Every day of the table fits both forms: the lines stay out until a map names the form."""
    file = read_bank_content(b"Date,Description,Amount,Currency\n03/06/2026,INV-1,10.00,GBP\n")
    assert [line.booked_on for line in file.statements[0].lines] == [None]
    assert {finding.code for finding in file.findings} == {"line_date"}


def test_a_word_of_no_direction_holds_the_file() -> None:
    """Money in or money out is never guessed."""
    file = read_bank_content("交易日期,金额,收/支,对方户名\n2026-06-01,5.00,冻结,甲\n".encode())
    assert _amounts(file) == [None]
    assert "line_direction" in {finding.code for finding in file.findings}
    assert file.held


COLUMNS = 'name = "x"\n{root}\n[columns]\n{columns}\n{more}'


@pytest.mark.parametrize(
    ("root", "columns", "more"),
    [
        ("name = ", "", ""), ("", 'date = "D"', ""), ("", 'amount = "A"', ""),
        ("", 'date = "D"\namount = "A"\nfoo = "B"', ""),
        ("foo = 1", 'date = "D"\namount = "A"', ""), ('sign = "y"', 'date = "D"\namount = "A"', ""),
        ("", 'date = "D"\namount = "A"', '[dates]\nforms = ["Q"]'), ("", 'date = 5\namount = "A"', ""),
    ],
)  # fmt: skip
def test_maps_that_cannot_be_used(root: str, columns: str, more: str) -> None:
    """Each is refused before it is kept."""
    with pytest.raises(MapInvalid):
        parse_map(COLUMNS.format(root=root, columns=columns, more=more))
