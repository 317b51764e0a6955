"""MetaTrader 4 files written by us, with the quirks of real ones."""

from __future__ import annotations

HEADER = (
    "Deal;Login;Open Time;Type;Symbol;Volume;Open Price;S/L;T/P;Close Time;Close Price;Reason;"
    "Gateway Order;Gateway Volume;Open Price Delta;Close Price Delta;Agent;Commission;Taxes;Swap;"
    "Profit;Points;Comment"
)
PREAMBLE = "Raw Report for 'desk7' from 2026.10.05 to 2026.10.05"
ROWS = (
    "501;3001;2026.10.05 00:05:21;balance;CRM-S-3001261004Swap;;;;;;;;;;;;;;;;-2.35;;"
    "CRM-S-3001261004Swap",
    "502;3002;2026.10.05 03:22:09;buy;eurusd;0.20;1.10432;0.00000;1.10600;2026.10.05 06:06:01;"
    "1.10600;Expert;;;;;0.00;-1.20;0.00;-0.15;33.60;168;[tp]",
    "503;3002;2026.10.05 04:13:12;buy limit;eurusd;0.20;1.10000;0;0;2026.10.05 05:49:35;1.10210;"
    "Dealer;;;;;;;;;;;cancelled",
    "504;3003;2026.10.05 07:45:01;balance;CRM-D-88123;;;;;;;;;;;;;;;;150.00;;CRM-D-88123",
    "505;3003;2026.10.05 08:00:00;sell;xauusd.p;0.02;2650.10;2660.00;0.00;2026.10.05 09:00:00;"
    "2660.20;Client;;;;;0.00;-0.10;0.00;0.00;-20.20;-1010;from #498[sl]",
)
TOTALS = (
    ";;;;;;;;;;;;;;;;0.00;-1.30;0.00;-0.15;161.05;;",
    ";;;;;;;;;;;;;;;;;;Profit:;;13.40;;",
    ";;;;;;;;;;;;;;;;;;Profit w/o agent commission:;;13.40;;",
    ";;;;;;;;;;;;;;;;;;Total broker fee:;;-1.30;;",
    ";;;;;;;;;;;;;;;;;;Deposit:;;150.00;;",
    ";;;;;;;;;;;;;;;;;;Withdrawal:;;-2.35;;",
    ";;;;;;;;;;;;;;;;;;Credit:;;0.00;;",
)


def raw_report(*rows: str, totals: tuple[str, ...] = TOTALS) -> str:
    """A report as the manager writes it."""
    return "\r\n".join([PREAMBLE, HEADER, *(rows or ROWS), *totals]) + "\r\n"


def reworked(*rows: str, currency: str = "USC") -> str:
    """A report as people rework it: commas, no totals, two columns without a name."""
    lines = [HEADER.replace(";", ",") + ",,"]
    lines += [f"{row.replace(';', ',')},,{currency}" for row in rows or ROWS]
    return "\n".join(lines) + "\n"


def closed_row(
    ticket: int, commission: str, swap: str, profit: str, *, title: str = "", price: str = "1.1"
) -> str:
    """A closed purchase."""
    pointed = f' title="{title}"' if title else ""
    return (
        f"<tr align=right><td{pointed}>{ticket}</td><td nowrap>2026.09.0{ticket % 9 + 1} "
        f"10:00:00</td><td>buy</td><td>0.10</td><td>eurusd</td><td>{price}</td><td>0.00000</td>"
        f"<td>0.00000</td><td>2026.09.2{ticket % 9} 11:00:00</td><td>1.2</td><td>{commission}</td>"
        f"<td>0.00</td><td>{swap}</td><td>{profit}</td></tr>"
    )


BALANCE = (
    '<tr align=right><td title="CRM-D-77001">100</td><td>2026.09.01 09:00:00</td><td>balance</td>'
    "<td colspan=10 align=left>CRM-D-77001</td><td>12&nbsp;000.00</td></tr>"
)
CANCELLED = (
    '<tr align=right><td title="#77 cancelled">103</td><td>2026.09.03 09:00:00</td>'
    "<td>sell limit</td><td>0.30</td><td>gbpjpy</td><td>190.000</td><td>0.000</td><td>0.000</td>"
    "<td>2026.09.03 12:00:00</td><td>189.000</td><td colspan=4>cancelled</td></tr>"
)
SECOND_ROW = "<tr><td colspan=9></td><td>4711</td><td colspan=4>from #99[tp]</td></tr>"
CLOSED = (
    BALANCE,
    closed_row(101, "-1.50", "-0.25", "1 250.75"),
    SECOND_ROW,
    CANCELLED,
    closed_row(104, "0.00", "0.00", "-249.00", title="#77 [sl]"),
)
_HEADING = (
    "<tr><td>Ticket</td><td nowrap>Open Time</td><td>Type</td><td>Size</td><td>Item</td>"
    "<td>Price</td><td>S / L</td><td>T / P</td><td nowrap>{close}</td><td>Price</td>"
    "<td>Commission</td><td>Taxes</td><td>Swap</td><td>Profit</td></tr>"
)
OPEN = (
    "<tr align=right><td>201</td><td>2026.09.29 10:00:00</td><td>sell</td><td>0.05</td>"
    "<td>xauusd</td><td>2650.00</td><td>0.00</td><td>0.00</td><td>&nbsp;</td><td>2655.00</td>"
    "<td>0.00</td><td>0.00</td><td>-0.40</td><td>-25.00</td></tr>"
)
WORKING = (
    "<tr align=right><td>301</td><td>2026.09.30 10:00:00</td><td>buy stop</td><td>0.05</td>"
    "<td>xauusd</td><td>2700.00</td><td>0.00</td><td>0.00</td><td colspan=2>2655.00</td>"
    "<td colspan=4>&nbsp;</td></tr>"
)


def statement(
    *closed: str, result: str = "1 000.00", date: str = "2026 September 30, 23:58",
    balance: str = "7 777.77", heading: str = _HEADING, name: str = "Ada Secret", head: str = "",
    currency: str = "USD", floating: str = "-25.40", leverage: str = "1:100",
) -> str:  # fmt: skip
    """A statement as the terminal writes it; the printed balance covers more than its window."""
    rows = "\n".join(closed or CLOSED)
    return f"""<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN"><html><head>{head}
<title>Statement: 9001 - {name}</title></head><body><div align=center>
<div><b>Harbour Lane Markets</b></div><br><table cellspacing=1 cellpadding=3 border=0>
<tr align=left><td colspan=2><b>Account: 9001</b></td><td colspan=5><b>Name: {name}</b></td>
<td colspan=2><b>Currency: {currency}</b></td><td colspan=2><b>Leverage: {leverage}</b></td>
<td colspan=3 align=right><b>{date}</b></td></tr>
<tr align=left><td colspan=13><b>Closed Transactions:</b></td></tr>
{heading.format(close="Close Time")}
{rows}
<tr align=right><td colspan=10>&nbsp;</td><td>-1.50</td><td>0.00</td><td>-0.25</td>
<td>1 001.75</td></tr>
<tr align=right><td colspan=12 align=right><b>Closed P/L:</b></td>
<td colspan=2 title="Commission + Swap + Profit + Taxes"><b>{result}</b></td></tr>
<tr align=left><td colspan=14><b>Open Trades:</b></td></tr>
{_HEADING.format(close="&nbsp;")}
{OPEN}
<tr align=right><td colspan=10>&nbsp;</td><td>0.00</td><td>0.00</td><td>-0.40</td><td>-25.00</td>
</tr><tr><td colspan=10>&nbsp;</td><td colspan=2><b>Floating P/L:</b></td>
<td colspan=2><b>{floating}</b></td></tr>
<tr align=left><td colspan=14><b>Working Orders:</b></td></tr>
<tr><td>Ticket</td><td nowrap>Open Time</td><td>Type</td><td>Size</td><td>Item</td><td>Price</td>
<td>S / L</td><td>T / P</td><td colspan=2 nowrap>Market Price</td><td colspan=4>&nbsp;</td></tr>
{WORKING}
<tr><td colspan=14 style="font: 1pt arial">&nbsp;</td></tr>
<tr align=left><td colspan=14><b>Summary:</b></td></tr>
<tr align=right><td colspan=2><b>Deposit/Withdrawal:</b></td><td colspan=2><b>12 000.00</b></td>
<td colspan=4><b>Credit Facility:</b></td><td><b>0.00</b></td><td colspan=5>&nbsp;</td></tr>
<tr align=right><td colspan=2><b>Closed Trade P/L:</b></td><td colspan=2><b>{result}</b></td>
<td colspan=4><b>Floating P/L:</b></td><td><b>{floating}</b></td><td colspan=3><b>Margin:</b></td>
<td colspan=2><b>13.00</b></td></tr>
<tr align=right><td colspan=2><b>Balance:</b></td><td colspan=2><b>{balance}</b></td>
<td colspan=4><b>Equity:</b></td><td><b>7 752.37</b></td><td colspan=3><b>Free Margin:</b></td>
<td colspan=2><b>7 739.37</b></td></tr>
</table></div></body></html>"""
