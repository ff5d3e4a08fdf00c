#include "daemon/ctl/report/html_style.h"

#include <fmt/format.h>

#include "daemon/ctl/report/shown_table.h"

namespace fleetmeter::ctl::report {
namespace {

// A colour means one thing, as in the console (dashboards/console/style). Grey: granted or planned.
// Blue: held. Green: busy. Amber: idle or drifting. Red: somebody has to act. Hatched: not known.
constexpr char kColours[] = R"css(
:root{color-scheme:light dark;--page:#f4f6f8;--back:#fff;--text:#17202a;--muted:#55606c;
--grid:#e2e7ec;--line:#8793a0;--link:#14549c;--focus:#b3005e;--allocated:#8d97a3;--assigned:#2b74c7;
--busy:#2a8a4a;--idle:#e2a400;--act:#c8322b;--act-text:#b3261e}
@media screen and (prefers-color-scheme:dark){:root{--page:#10151b;--back:#182029;--text:#e8edf2;
--muted:#a5b1bd;--grid:#2b3642;--line:#66727f;--link:#86bdf7;--focus:#ff8fc4;--allocated:#7e8a97;
--assigned:#4b95e6;--busy:#42b066;--idle:#e8b32a;--act:#ee635b;--act-text:#ff8f88}}
)css";

constexpr char kPage[] = R"css(
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--text);
font:15px/1.45 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
header,aside,nav,main,footer{width:100%;max-width:76rem;margin:0 auto;padding:0 1rem}
header{padding-top:1.2rem}
h1{font-size:1.7rem;line-height:1.2;margin:0}
h2{font-size:1.25rem;margin:0 0 .5rem}
h3{font-size:1rem;margin:1.2rem 0 .3rem}
header p{color:var(--muted);margin:.2rem 0 .6rem}
a{color:var(--link)}
a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:3px solid var(--focus);
outline-offset:2px}
.skip{position:absolute;left:-100rem}
.skip:focus{left:1rem;top:.3rem;background:var(--back);padding:.3rem}
nav ul{display:flex;flex-wrap:wrap;gap:.1rem 1rem;list-style:none;margin:0;padding:0 0 .8rem}
nav a{display:inline-block;padding:.15rem 0}
nav a[aria-current]{color:var(--text);font-weight:700;text-decoration:none}
section{background:var(--back);border:1px solid var(--grid);border-radius:.6rem;
padding:1rem 1.1rem;margin:0 0 1rem}
p{margin:.3rem 0;max-width:85ch}
.answer{font-size:1.2rem;line-height:1.35}
.missing{border-left:.3rem solid var(--line);padding-left:.6rem;color:var(--muted)}
.missing b{color:var(--text)}
code{background:var(--page);border-radius:.25rem;padding:0 .25rem;overflow-wrap:anywhere}
.notes{color:var(--muted);font-size:.87rem;margin-top:.8rem}
footer{color:var(--muted);font-size:.87rem;padding-bottom:2rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(11.5rem,1fr));gap:.6rem;
margin:.8rem 0}
.tiles div{border:1px solid var(--grid);border-radius:.4rem;padding:.45rem .6rem}
.tiles dt{font-size:.85rem;color:var(--muted)}
.tiles dd{margin:0;font-size:1.2rem;font-variant-numeric:tabular-nums}
.basis{display:flex;flex-wrap:wrap;gap:.1rem 1.3rem;margin:.2rem 0 .8rem;font-size:.87rem}
.basis div{display:flex;gap:.35rem}
.basis dt{color:var(--muted)}
.basis dd{margin:0}
small{display:block;color:var(--muted);font-size:.8rem;line-height:1.3}
small data{color:var(--text)}
.basis small{display:inline}
)css";

constexpr char kTables[] = R"css(
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem}
thead th{overflow-wrap:normal}
th,td{overflow-wrap:break-word}
tbody small{font-weight:400}
main div[id]{margin-bottom:1.2rem}
caption{text-align:left;font-weight:700;padding:.2rem 0 .3rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .55rem;border-top:1px solid var(--grid);
unicode-bidi:isolate}
thead th{border-top:0;border-bottom:2px solid var(--line);font-size:.82rem;color:var(--muted);
vertical-align:bottom}
tbody th{font-weight:600}
.n{text-align:right;font-variant-numeric:tabular-nums}
td.n{white-space:nowrap}
td.n small{white-space:normal}
.u{color:var(--muted);font-style:italic}
summary{cursor:pointer;padding:.5rem 0;color:var(--link)}
.empty{color:var(--muted)}
.t-committee_requests td:nth-child(3),.t-requests_of_pools td:nth-child(3){min-width:10.5rem}
)css";

constexpr char kPlots[] = R"css(
figure{margin:.8rem 0 1rem}
figcaption{font-weight:700;margin-bottom:.3rem}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1rem;margin:0 0 .4rem;padding:0;
font-size:.87rem}
.legend svg{width:1.6rem;height:.8rem;vertical-align:baseline;margin-right:.35rem}
.row{display:grid;grid-template-columns:minmax(7rem,22%) minmax(0,1fr) 8.5rem;gap:0 .7rem;
align-items:center;padding:.15rem 0}
.bars{display:grid;gap:.12rem}
.bars svg,.bars b{height:.85rem}
.bars svg{width:100%;display:block;background:var(--grid);border-radius:.15rem}
.values{display:grid;gap:.12rem;text-align:right;font-size:.85rem;line-height:.85rem;
font-variant-numeric:tabular-nums}
.label{font-size:.9rem}
.f-allocated{fill:var(--allocated)}.f-assigned{fill:var(--assigned)}.f-busy{fill:var(--busy)}
.f-idle{fill:var(--idle)}.f-act{fill:var(--act)}.f-unknown{fill:url(#hatch)}
.hatch-line{stroke:var(--line);stroke-width:1.5}
.zero{fill:var(--text)}
.lines{display:grid;grid-template-columns:4.6rem minmax(0,1fr);font-size:.82rem;
color:var(--muted)}
.lines svg{width:100%;height:11rem;border-left:1px solid var(--line);
border-bottom:1px solid var(--line);overflow:visible}
.lines .y{display:flex;flex-direction:column;justify-content:space-between;text-align:right;
padding-right:.4rem}
.lines .x{grid-column:2;display:flex;justify-content:space-between}
path{fill:none;stroke-width:2.5px;vector-effect:non-scaling-stroke;stroke-linecap:round}
.s-allocated{stroke:var(--allocated);stroke-dasharray:7 5}.s-assigned{stroke:var(--assigned)}
.s-busy{stroke:var(--busy);stroke-dasharray:2 5;stroke-width:3.5px}.s-idle{stroke:var(--idle)}
.s-act{stroke:var(--act)}
.defs{position:absolute;width:0;height:0}
)css";

constexpr char kSmallAndPaper[] = R"css(
@media (max-width:44rem){
body{font-size:16px;display:flex;flex-direction:column}
aside{order:5}footer{order:6}
nav ul{flex-wrap:nowrap;overflow-x:auto}nav li{white-space:nowrap}
section{padding:.8rem .7rem;border-radius:0;margin:0 -1rem .8rem;border-width:1px 0}
.row{grid-template-columns:minmax(0,1fr) auto}.label{grid-column:1/-1}
thead{position:absolute;left:-100rem}
table,tbody,tr,tbody th,tbody td,caption{display:block}
tbody tr{border-top:2px solid var(--grid);padding:.4rem 0}
tbody th,tbody td,tbody .n{border:0;padding:.1rem 0;text-align:left;white-space:normal}
tbody th{font-size:1.02rem}
tbody td::before{color:var(--muted);font-size:.85rem;margin-right:.5rem}
.tiles{grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr))}
}
@page{size:A4 landscape;margin:12mm}
@media print{
body{background:#fff;font-size:10pt}
nav,.skip{display:none}
header,aside,main,footer{max-width:none;padding:0}
section{border:0;padding:0;margin:0 0 6mm}
h2,h3,figcaption,caption,.answer{break-after:avoid}
tr,figure,.row,.tiles div,.lines{break-inside:avoid}
thead{display:table-header-group}
.scroll{overflow:visible}
svg,.bars svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}
a{color:inherit;text-decoration:none}
summary{list-style:none;color:inherit}
}
)css";

// In a string of CSS.
std::string CssText(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '<') out += '\\';
    out += c;
  }
  return out;
}

std::string TitlesOf(const Table& table) {
  std::string out;
  int place = 0;
  const Table shown = TableForPeople(table).table;
  for (const Column& column : shown.columns) {
    if (column.below) continue;
    // The first one names the row.
    if (++place == 1) continue;
    out += fmt::format(".t-{} td:nth-child({})::before{{content:\"{}\"}}\n", table.id, place,
                       CssText(column.title));
  }
  return out;
}

}  // namespace

std::string StyleOf(const Document& document) {
  std::string titles;
  for (const Section& section : document.sections) {
    for (const Table& table : section.tables) titles += TitlesOf(table);
  }
  return std::string(kColours) + kPage + kTables + kPlots + kSmallAndPaper +
         "@media (max-width:44rem){\n" + titles + "}\n";
}

}  // namespace fleetmeter::ctl::report
