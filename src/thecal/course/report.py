"""The report of a course: one HTML file with its figures in it, no link to anything outside."""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from thecal.course.figures import spine_figure, time_figure
from thecal.course.run import Outcome
from thecal.course.summary import summarise

_CSS = """
:root{color-scheme:light dark;--ink:#16212b;--soft:#5b6a77;--line:#d5dde3;--paper:#fbfcfd;--card:#fff;--dose:#0b6e74;
--csf:#1c6fb8;--cord:#b0570f;--blood:#a3243b;--pain:#6b3fa0;--event:#7b8894}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9fb0bd;--line:#33424e;--paper:#0f161c;--card:#172129;
--dose:#4fc3c7;--csf:#6db3f2;--cord:#f0a25a;--blood:#f08095;--pain:#b794f0;--event:#8fa0ad}}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1rem 4rem}
h1{font-size:1.7rem;line-height:1.25;margin:0 0 .25rem}h2{font-size:1.2rem;margin:2.5rem 0 .75rem}
p.lead,.soft{color:var(--soft)}.notice{border-left:.25rem solid var(--cord);padding:.5rem 1rem;background:var(--card)}
figure{margin:0;padding:1rem;background:var(--card);border:1px solid var(--line);border-radius:.5rem;overflow-x:auto}
figure svg{width:100%;height:auto;min-width:36rem}figure.narrow{max-width:34rem}figure.narrow svg{min-width:20rem}
figcaption{color:var(--soft);font-size:.9rem;margin-top:.5rem}
table{border-collapse:collapse;width:100%;background:var(--card)}th,td{text-align:left;padding:.4rem .75rem;
border-bottom:1px solid var(--line);vertical-align:top}td.n{font-variant-numeric:tabular-nums}
"""


def to_html(outcome: Outcome) -> str:
    """The whole report as HTML text."""
    summary = summarise(outcome)
    scenario = outcome.scenario
    parts = [
        f"<h1>{escape(scenario.title)}</h1>",
        f'<p class="lead">{escape(summary["start"][:10])}, {summary["days"]:g} days, seed {scenario.seed}. '
        f"Stage at the end: {escape(str(summary['stage']).replace('_', ' '))}.</p>",
        f'<p class="notice"><strong>{escape(summary["notice"])}</strong></p>',
        f"<p>{escape(scenario.note)}</p>" if scenario.note else "",
        _facts(summary),
        '<h2>Over time</h2><figure role="group" aria-label="Dose, drug at the tip, plasma and pain over time">',
        time_figure(outcome),
        f"<figcaption>{escape(summary['band'])} The numbers, hour by hour, are in table.csv.</figcaption></figure>",
        '<h2>Along the spine, at the end</h2><figure class="narrow" role="group" aria-label="Drug along the spine">',
        spine_figure(outcome),
        "<figcaption>Shaded: the band. Rostral is up.</figcaption></figure>",
        _tables(summary),
        f"<p class='soft'>Made by thecal {escape(summary['thecal'])}.</p>",
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(scenario.title)}</title><style>{_CSS}</style></head><body><main>{''.join(parts)}</main></body></html>"
    )


def _facts(summary: dict[str, Any]) -> str:
    rows = [(f"Given, {route}", f"{_number(mg)} mg") for route, mg in summary["given_mg"].items() if mg]
    for route, most in summary["highest_24_h_mg"].items():
        if most["left_the_tip"]:
            left, ordered = _number(most["left_the_tip"]), _number(most["prescribed"])
            rows.append((f"Highest 24 h, {route}", f"{left} mg left the tip; at most {ordered} mg was prescribed"))
    trial = summary["trial"]
    if trial is not None:
        rows.append(("Trial", f"{trial['outcome']}. {' '.join(trial['reasons'])}"))
    if summary["decision"]:
        rows.append(("Decision", summary["decision"]))
    names = {
        "csf_tip_ng_ml": "CSF at the tip level",
        "cord_target_ng_ml": f"Cord at {summary['target_dermatome']}",
        "plasma_ng_ml": "Plasma",
        "pain_nrs": "Pain (NRS)",
    }
    for key, label in names.items():
        band = summary["last_24_h"][key]
        unit = "" if key == "pain_nrs" else " ng/mL"
        low, mid, high = (_number(band[part]) for part in ("low", "mid", "high"))
        rows.append((f"{label}, last 24 h", f"{mid}{unit} ({low} to {high})"))
    return "<h2>In short</h2>" + _table(("", ""), rows)


def _number(value: float) -> str:
    """Three significant digits, written out."""
    if value == 0:
        return "0"
    digits = max(0, 2 - int(np.floor(np.log10(abs(value)))))
    text = f"{value:,.{digits}f}" if digits else f"{float(f'{value:.3g}'):,.0f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _tables(summary: dict[str, Any]) -> str:
    parts = []
    if summary["refills"]:
        rows = [
            (r["at"], r["expected"], r["withdrawn"], f"{r['discrepancy_ml']:+.3g} mL", r["solution"])
            for r in summary["refills"]
        ]
        parts.append("<h2>Refills</h2>" + _table(("when", "expected", "withdrawn", "difference", "new solution"), rows))
    if summary["pumps"]:
        pumps = [
            (
                p["id"],
                p["model"],
                p["tip"],
                str(p["pulses"]),
                p["delivered"],
                p["residual"],
                ", ".join(p["alarms"]) or "none",
            )
            for p in summary["pumps"]
        ]
        parts.append(
            "<h2>Pumps</h2>" + _table(("pump", "model", "tip", "pulses", "delivered", "residual", "alarms"), pumps)
        )
    if summary["unconfirmed"]:
        items = "".join(f"<li>{escape(note)}</li>" for note in summary["unconfirmed"])
        parts.append(f"<h2>Parameters that nobody has confirmed in a source</h2><ul>{items}</ul>")
    return "".join(parts)


def _table(head: tuple[str, ...], rows: Sequence[Sequence[str]]) -> str:
    top = (
        "<thead><tr>" + "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head) + "</tr></thead>"
        if any(head)
        else ""
    )
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f'<td class="n">{escape(cell)}</td>' for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return f"<table>{top}<tbody>{body}</tbody></table>"
