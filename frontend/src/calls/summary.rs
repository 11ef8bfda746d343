//! What the calls that are shown come to, beside them: sums, two charts, and with whom there were the most. What is
//! in a chart is also in a table, whose cells are links; in the chart itself a click does the same.

use std::sync::Arc;
use std::time::Duration;

use calls_model::{CallDuration, Direction, Summary, TalkTime};
use leptos::ev::MouseEvent;
use leptos::html::Section;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::charts::{self, Bar, Bucket, Cell};
use super::pages::Wanted;
use super::summary_data::SummaryData;
use crate::day::Day;
use crate::filter::{self, Filter};
use crate::intl::{self, Part};
use crate::{format, path};

/// Where the summary stands beside the list, and so is open. The same as in style.css.
const WIDE: &str = "(min-width: 75rem)";
const INSIDE: &str = "<summary><h2>Summary</h2></summary><div class=\"summary-parts\"></div>";
const DAY_MS: f64 = 86_400_000.0;
/// 1970-01-05, a Monday.
const MONDAY: f64 = 4.0;

/// The summary. Its inside is written as one text, and again where that changes: as views its cells would make the
/// program much larger.
#[component]
pub fn SummaryPanel(
    /// The number of the address.
    number: Memo<String>,
    /// What is shown now.
    filter: Memo<Filter>,
    /// What is asked for.
    wanted: Memo<Wanted>,
    /// What the calls come to.
    data: Signal<Option<SummaryData>>,
    /// The day that is today.
    today: ReadSignal<Day>,
) -> impl IntoView {
    let node = NodeRef::<Section>::new();
    let links = Links { number, filter };
    let written = StoredValue::new((String::new(), Vec::new()));
    // Told when something was opened or closed.
    let toggled = Trigger::new();
    Effect::new(move |_| {
        toggled.track();
        let Some(section) = node.get() else { return };
        let Some(parts) = find(&section, ".summary-parts") else { return };
        let is_open = find(&section, "details[open] > .summary-parts").is_some();
        // That of another filter stands in until the answer comes; that of another number never does.
        let (html, charts, is_stale) = data.with(|data| {
            wanted.with(|wanted| match data.as_ref().filter(|data| data.key.wanted.number == wanted.number) {
                _ if !is_open => Default::default(),
                None => ("<p class=\"hint\">Adding up\u{2026}</p>".to_owned(), Vec::new(), false),
                Some(data) => {
                    let (html, charts) = write_parts(&data.summary, &links, today.get(), &section);
                    (html, charts, data.key.wanted != *wanted)
                }
            })
        });
        section.class_list().toggle_with_force("stale", is_stale).unwrap_or_default();
        if written.with_value(|(before, _)| *before != html) {
            replace(&parts, &html);
            written.set_value((html, charts));
        }
    });
    let navigate = use_navigate();
    let choose = move |event: MouseEvent| {
        if let Some((_, Some((_, address)))) = written.with_value(|(_, charts)| cell_at(&event, charts)) {
            navigate(&address, NavigateOptions { scroll: false, ..NavigateOptions::default() });
        }
        if target(&event).is_some_and(|target| target.closest("summary").ok().flatten().is_some()) {
            // It opens or closes after the event.
            set_timeout(move || toggled.notify(), Duration::ZERO);
        }
    };
    let point = move |event: MouseEvent| {
        if let Some(section) = node.get_untracked() {
            written.with_value(|(_, charts)| say_pointed(&event, charts, &section));
        }
    };
    let is_wide = window().match_media(WIDE).ok().flatten().is_some_and(|query| query.matches());
    let open = if is_wide { " open" } else { "" };
    let html = format!("<details{open}>{INSIDE}</details>");
    view! {
        <section
            class="summary"
            aria-label="Summary"
            node_ref=node
            inner_html=html
            on:click=choose
            on:mousemove=point
            on:mouseleave=point
        ></section>
    }
}

/// Says what is under the pointer, in place of the main thing of its chart.
fn say_pointed(event: &MouseEvent, charts: &[Chart], section: &Element) {
    let pointed = cell_at(event, charts);
    for (index, chart) in charts.iter().enumerate() {
        let cell = pointed.as_ref().filter(|(at, _)| *at == index).and_then(|(_, cell)| cell.as_ref());
        if let Some(fact) = find(section, &format!("[data-chart={}] .chart-fact", chart.name)) {
            fact.set_text_content(Some(cell.map_or(&chart.fact, |(text, _)| text)));
        }
    }
    if let Some((_, cell)) = pointed
        && let Some(svg) = target(event)
    {
        svg.class_list().toggle_with_force("pointing", cell.is_some()).unwrap_or_default();
    }
}

/// Puts HTML into an element. The focus stays in what has the same key, or near it.
fn replace(element: &Element, html: &str) {
    let focused = document().active_element().filter(|focused| element.contains(Some(focused)));
    let key = focused.and_then(|focused| focused.get_attribute("data-key"));
    element.set_inner_html(html);
    let Some(key) = key else { return };
    let group = key.split(' ').next().unwrap_or_default();
    let next = find(element, &format!("[data-key=\"{key}\"]"))
        .or_else(|| find(element, &format!("[data-key^=\"{group} \"]")));
    if let Some(next) = next.and_then(|next| next.dyn_into::<HtmlElement>().ok()) {
        next.focus().unwrap_or_default();
    }
}

fn find(element: &Element, selector: &str) -> Option<Element> {
    element.query_selector(selector).ok().flatten()
}

fn target(event: &MouseEvent) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

/// The chart and the cell of it that an event happened in.
fn cell_at(event: &MouseEvent, charts: &[Chart]) -> Option<(usize, ChartCell)> {
    let svg = target(event).filter(|target| target.tag_name() == "svg")?;
    let name = svg.get_attribute("data-svg")?;
    let index = charts.iter().position(|chart| chart.name == name)?;
    let chart = &charts[index];
    let place = svg.get_bounding_client_rect();
    let rows = chart.cells.len().checked_div(chart.columns)?;
    let share = |at: i32, start: f64, length: f64, of: usize| {
        let share = ((f64::from(at) - start) / length * of as f64).floor() as usize;
        (share < of).then_some(share)
    };
    let column = share(event.client_x(), place.left(), place.width(), chart.columns)?;
    let row = share(event.client_y(), place.top(), place.height(), rows)?;
    Some((index, chart.cells[row * chart.columns + column].clone()))
}

/// All parts of the summary. A table is written where it is open.
fn write_parts(summary: &Arc<Summary>, links: &Links, today: Day, section: &Element) -> (String, Vec<Chart>) {
    if summary.calls == 0 {
        return ("<p class=\"hint\">There are no calls to add up.</p>".to_owned(), Vec::new());
    }
    let charts: Vec<Chart> =
        [days_chart(summary, links, today), hours_chart(summary, links)].into_iter().flatten().collect();
    let mut html = format!("<dl class=\"totals\">{}</dl>", totals(summary));
    for chart in &charts {
        let is_open = find(section, &format!("[data-chart={}] details[open]", chart.name)).is_some();
        html.push_str(&chart.html(is_open));
    }
    html.push_str("<section><h3>Most calls with</h3>");
    html.push_str(&people_table(summary, links));
    (html + "</section>", charts)
}

/// Addresses of the page with another filter.
#[derive(Clone, Copy)]
struct Links {
    number: Memo<String>,
    filter: Memo<Filter>,
}

impl Links {
    fn to(&self, change: impl FnOnce(&mut Filter)) -> String {
        let mut filter = self.filter.get();
        change(&mut filter);
        path::calls_page(&self.number.get()) + &filter.to_query()
    }
}

/// What a cell of a chart says and where it leads. None without calls.
type ChartCell = Option<(String, String)>;

/// A chart, ready to be shown.
struct Chart {
    name: &'static str,
    title: &'static str,
    /// The main thing that it says, in a sentence.
    fact: String,
    /// The view box and the paths, as SVG. Empty where there is nothing to compare.
    picture: (String, String),
    /// What stands at its axes, as HTML.
    labels: String,
    /// How many cells stand side by side.
    columns: usize,
    /// The cells, row by row.
    cells: Vec<ChartCell>,
    /// The same as a table: its caption, its columns, its rows.
    table: (&'static str, Vec<String>, Vec<Vec<Cell>>),
}

impl Chart {
    fn html(&self, is_open: bool) -> String {
        let Self { name, title, labels, .. } = self;
        let (fact, (view_box, paths)) = (format::escape(&self.fact), &self.picture);
        let picture = match paths.is_empty() {
            true => String::new(),
            false => format!(
                "<div class=\"chart {name}\"><svg viewBox=\"{view_box}\" preserveAspectRatio=\"none\" role=\"img\" \
                 aria-label=\"{fact}\" data-svg=\"{name}\">{paths}</svg>\
                 <div class=\"chart-labels\" aria-hidden=\"true\">{labels}</div></div>"
            ),
        };
        let (open, table) = match is_open {
            true => (" open", charts::table(name, self.table.0, &self.table.1, &self.table.2)),
            false => ("", String::new()),
        };
        format!(
            "<section data-chart=\"{name}\"><h3>{title}</h3><p class=\"chart-fact\">{fact}</p>{picture}\
             <details class=\"as-table\"{open}><summary data-key=\"{name} table\">Show as table</summary>\
             {table}</details></section>"
        )
    }
}

fn totals(summary: &Summary) -> String {
    let types = &summary.types;
    let missed = types.missed_inbound + types.missed_outbound;
    let rate = summary.missed_rate.map(intl::percent).unwrap_or_default();
    let line = |name: &str, value: String, note: String| {
        let note = if note.is_empty() { note } else { format!(" <small>{}</small>", format::escape(&note)) };
        format!("<div><dt>{name}</dt><dd>{}{note}</dd></div>", format::escape(&value))
    };
    [
        line("Calls", intl::number(summary.calls), String::new()),
        line("Talk time", talk_time(summary.talk_time), String::new()),
        line("Missed", intl::number(missed), rate),
        line("Not returned", intl::number(summary.missed_inbound.not_returned), String::new()),
    ]
    .concat()
}

fn days_chart(summary: &Arc<Summary>, links: &Links, today: Day) -> Option<Chart> {
    let (from, end) = links.filter.with(|filter| filter.period.days(today));
    let to = end.map(|end| end.plus(-1)).or_else(|| from.map(|_| today));
    let (bucket, bars) = charts::bars(&summary.days, from, to);
    let cell = |bar: &Bar| {
        let address =
            links.to(|filter| filter.period = filter::Period::range(Some(bar.first), Some(bar.last)));
        (
            format!("{}: {}, {} missed", bar_name(bucket, bar), count(bar.calls), intl::number(bar.missed)),
            address,
        )
    };
    let cells: Vec<_> = bars.iter().map(|bar| (bar.calls > 0).then(|| cell(bar))).collect();
    let busiest = bars.iter().max_by_key(|bar| bar.calls)?;
    let (fact, picture, labels) = match bars.as_slice() {
        [only] => (format!("All of them: {}.", bar_name(bucket, only)), Default::default(), String::new()),
        bars => {
            let noun = bucket.noun();
            let each = if bucket == Bucket::Day { String::new() } else { format!(" Each bar is a {noun}.") };
            let fact = format!(
                "Busiest {noun}: {}, with {}.{each}",
                bar_name(bucket, busiest),
                count(busiest.calls)
            );
            (fact, charts::draw_bars(bars), bar_labels(bucket, bars, busiest.calls))
        }
    };
    let rows: Vec<Vec<Cell>> = bars
        .iter()
        .zip(&cells)
        .filter_map(|(bar, cell)| {
            let link = Some((cell.as_ref()?.1.clone(), None));
            let name = Cell { text: bar_name(bucket, bar), link };
            Some(vec![name, Cell::plain(intl::number(bar.calls)), Cell::plain(intl::number(bar.missed))])
        })
        .collect();
    let head = match bucket {
        Bucket::Day => "Day",
        Bucket::Week => "Week",
        Bucket::Month => "Month",
        Bucket::Year => "Year",
    };
    let table = ("Calls over time", [head, "Calls", "Missed"].map(str::to_owned).to_vec(), rows);
    Some(Chart { name: "bars", title: "Over time", fact, picture, labels, columns: bars.len(), cells, table })
}

/// The time that a bar stands for.
fn bar_name(bucket: Bucket, bar: &Bar) -> String {
    let write = |day: Day, part| intl::in_utc(day.midnight_ms(), part);
    match bucket {
        Bucket::Day => write(bar.first, Part::Date),
        Bucket::Week if bar.first != bar.last => {
            format!("{} \u{2013} {}", write(bar.first, Part::Date), write(bar.last, Part::Date))
        }
        Bucket::Week => write(bar.first, Part::Date),
        Bucket::Month => write(bar.first, Part::Month),
        Bucket::Year => write(bar.first, Part::Year),
    }
}

/// The top of the scale, the first bar and the last one, and what the parts of a bar are.
fn bar_labels(bucket: Bucket, bars: &[Bar], most: u64) -> String {
    let part = match bucket {
        Bucket::Day | Bucket::Week => Part::ShortDate,
        Bucket::Month => Part::Month,
        Bucket::Year => Part::Year,
    };
    let name = |bar: Option<&Bar>| {
        let text = bar.map(|bar| intl::in_utc(bar.first.midnight_ms(), part)).unwrap_or_default();
        format::escape(&text)
    };
    format!(
        "<span class=\"scale\">{}</span><span>{}</span><span>{}</span>\
         <span class=\"legend\"><i class=\"key-answered\"></i>Answered <i class=\"key-missed\"></i>Missed</span>",
        format::escape(&intl::number(charts::top_of_scale(most))),
        name(bars.first()),
        name(bars.last()),
    )
}

fn hours_chart(summary: &Arc<Summary>, links: &Links) -> Option<Chart> {
    let busiest = summary.hours_of_week.iter().max_by_key(|hour| hour.calls)?;
    let weekdays: Vec<String> = (1..=7).map(|day| weekday(day, Part::Weekday)).collect();
    let hours: Vec<String> = (0..24).map(hour).collect();
    let name =
        |day: u8, hour: u8| format!("{}, {}", weekdays[usize::from(day) - 1], hours[usize::from(hour)]);
    let mut cells = vec![None; 7 * 24];
    let mut rows: Vec<Vec<Cell>> = hours
        .iter()
        .map(|hour| {
            let mut row = vec![Cell::plain(hour.clone())];
            row.resize(8, Cell::plain("0".to_owned()));
            row
        })
        .collect();
    for one in &summary.hours_of_week {
        let text = format!(
            "{}: {}, {} missed",
            name(one.weekday, one.hour),
            count(one.calls),
            intl::number(one.missed)
        );
        let address = links.to(|filter| (filter.weekday, filter.hour) = (Some(one.weekday), Some(one.hour)));
        let (weekday, hour) = (usize::from(one.weekday), usize::from(one.hour));
        let link = Some((address.clone(), Some(text.clone())));
        rows[hour][weekday] = Cell { text: intl::number(one.calls), link };
        cells[(weekday - 1) * 24 + hour] = Some((text, address));
    }
    let short: Vec<String> = (1..=7).map(|day| weekday(day, Part::ShortWeekday)).collect();
    let head: Vec<String> = std::iter::once("Hour".to_owned()).chain(short.iter().cloned()).collect();
    let picture = charts::draw_heat(&summary.hours_of_week);
    let label = |text: &String| format!("<span>{}</span>", format::escape(text));
    let labels = format!(
        "<span class=\"weekdays\">{}</span><span class=\"hours\">{}</span>",
        short.iter().map(label).collect::<String>(),
        hours.iter().step_by(6).map(label).collect::<String>()
    );
    let fact =
        format!("Busiest hour: {}, with {}.", name(busiest.weekday, busiest.hour), count(busiest.calls));
    let table = ("Calls by hour and day of the week", head, rows);
    Some(Chart { name: "heat", title: "Hours of the week", fact, picture, labels, columns: 24, cells, table })
}

fn people_table(summary: &Arc<Summary>, links: &Links) -> String {
    let row = |one: &calls_model::CounterpartyCount| {
        let address = links.to(|filter| filter.counterparty = filter::exactly(&one.counterparty));
        let text = format::party(&one.counterparty, None, Direction::Inbound, None).text;
        vec![
            Cell { text, link: Some((address, None)) },
            Cell::plain(intl::number(one.calls)),
            Cell::plain(talk_time(one.talk_time)),
        ]
    };
    let rows: Vec<Vec<Cell>> = summary.top_counterparties.iter().map(row).collect();
    let head = ["With", "Calls", "Talk time"].map(str::to_owned);
    charts::table("people", "Counterparties with the most calls", &head, &rows)
}

/// The name of a day of the week, 1 for Monday.
pub fn weekday(weekday: u8, part: Part) -> String {
    intl::in_utc((MONDAY + f64::from(weekday) - 1.0) * DAY_MS, part)
}

/// The name of an hour of the day.
pub fn hour(hour: u8) -> String {
    intl::in_utc(f64::from(hour) * DAY_MS / 24.0, Part::Hour)
}

fn count(calls: u64) -> String {
    format!("{} call{}", intl::number(calls), if calls == 1 { "" } else { "s" })
}

fn talk_time(time: TalkTime) -> String {
    let duration = i64::try_from(time.ms()).ok().and_then(CallDuration::from_ms);
    match duration {
        Some(duration) if duration.ms() < 360_000_000 => format::duration(duration),
        _ => format!("{} h", intl::number(time.ms() / 3_600_000)),
    }
}
