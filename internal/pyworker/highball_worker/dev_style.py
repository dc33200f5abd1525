"""How the pages of development look, by day and by night."""

STYLE = """
:root{--back:#fbfaf8;--card:#fff;--ink:#23211f;--dim:#77716a;--line:#e4dfd8;--hot:#b3261e;
--mark:#fff1cf;--code:#f5f2ed}
@media(prefers-color-scheme:dark){:root{--back:#191817;--card:#211f1e;--ink:#e9e5e0;--dim:#9a938b;
--line:#38342f;--hot:#ff8a7a;--mark:#45381a;--code:#1c1a19}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:66rem;padding:1.5rem;background:var(--back);color:var(--ink);
font:15px/1.5 system-ui,sans-serif}
pre,code,.at,summary{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",
monospace;font-size:13px}
header{border-left:4px solid var(--hot);padding:.2rem 0 .2rem 1rem;margin-bottom:1.5rem}
h1{margin:.2rem 0;font-size:1.7rem;line-height:1.2;color:var(--hot);overflow-wrap:anywhere}
h2{font-size:1rem;margin:1.6rem 0 .5rem}
p{margin:.3rem 0}
.told,.at,.link,.left,footer{color:var(--dim)}
.message{font-size:1.15rem;white-space:pre-wrap;overflow-wrap:anywhere}
.cause{margin-bottom:.6rem;white-space:pre-wrap}
.advice,#fresh{background:var(--mark);border-radius:6px;padding:.6rem 1rem;margin-bottom:1.2rem}
.advice h2{margin:0 0 .3rem}
details{background:var(--card);border:1px solid var(--line);border-radius:6px;margin:.4rem 0;
overflow:hidden}
summary{padding:.45rem .8rem;cursor:pointer;overflow-wrap:anywhere}
summary span{font-weight:600}
summary code{color:var(--dim);margin-left:.6rem}
.library>summary,.library>summary span{color:var(--dim);font-weight:400}
table{border-collapse:collapse;width:100%}
td,th{vertical-align:top;padding:0 .8rem;text-align:left}
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
.source{background:var(--code);border-top:1px solid var(--line)}
.source td:first-child{width:1%;color:var(--dim);text-align:right;user-select:none;
font:13px/1.5 ui-monospace,monospace}
.source pre{white-space:pre}
.source tr.current{background:var(--mark)}
.source tr.current td:first-child{color:var(--hot);font-weight:600}
mark{background:none;color:inherit;text-decoration:underline wavy var(--hot) 1px;
text-underline-offset:3px}
details .source{display:block;overflow-x:auto}
.values th{width:1%;font:600 13px/1.7 ui-monospace,monospace;white-space:nowrap}
.values td,.values th{padding:.12rem .8rem;border-top:1px solid var(--line)}
.plain{padding:.8rem;border-top:1px solid var(--line)}
footer{margin-top:2rem;font-size:12px}
"""
