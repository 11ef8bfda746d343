//! HTML that is written as text. [`html!`](crate::html::html) escapes every value that is not HTML by its
//! type.

use std::fmt::Display;

use crate::script;

/// HTML.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Html(String);

impl Html {
    /// The HTML as a string.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Appends literal markup.
    pub fn markup(&mut self, markup: &'static str) {
        self.0.push_str(markup);
    }

    /// Appends a value.
    pub fn part(&mut self, part: &(impl Part + ?Sized)) {
        part.write(self);
    }

    fn display(&mut self, value: &impl Display) {
        use std::fmt::Write;
        // Writing to a string cannot fail.
        write!(self.0, "{value}").unwrap_or_default();
    }
}

/// A value between markup.
pub trait Part {
    /// Appends the value as HTML.
    fn write(&self, html: &mut Html);
}

impl Part for Html {
    fn write(&self, html: &mut Html) {
        html.0.push_str(&self.0);
    }
}

/// Escapes the text, for use inside quotation marks too.
impl Part for str {
    fn write(&self, html: &mut Html) {
        for character in self.chars() {
            match character {
                '&' => html.0.push_str("&amp;"),
                '<' => html.0.push_str("&lt;"),
                '>' => html.0.push_str("&gt;"),
                '"' => html.0.push_str("&quot;"),
                character => html.0.push(character),
            }
        }
    }
}

impl Part for String {
    fn write(&self, html: &mut Html) {
        self.as_str().write(html);
    }
}

impl Part for usize {
    fn write(&self, html: &mut Html) {
        html.display(self);
    }
}

impl Part for f64 {
    fn write(&self, html: &mut Html) {
        html.0.push_str(&script::decimal(*self));
    }
}

impl<T: Part + ?Sized> Part for &T {
    fn write(&self, html: &mut Html) {
        (**self).write(html);
    }
}

impl<T: Part> Part for Option<T> {
    fn write(&self, html: &mut Html) {
        self.iter().for_each(|part| part.write(html));
    }
}

impl<T: Part> Part for Vec<T> {
    fn write(&self, html: &mut Html) {
        self.iter().for_each(|part| part.write(html));
    }
}

/// HTML of literals, which are markup, and values, which are escaped unless they are [`Html`]: `html!("<b
/// title=\"", title, "\">", text, "</b>")`.
macro_rules! html {
    (@ $out:ident) => {};
    (@ $out:ident $markup:literal) => { $out.markup($markup); };
    (@ $out:ident $markup:literal, $($rest:tt)*) => {
        $out.markup($markup);
        $crate::html::html!(@ $out $($rest)*);
    };
    (@ $out:ident $value:expr) => { $out.part(&$value); };
    (@ $out:ident $value:expr, $($rest:tt)*) => {
        $out.part(&$value);
        $crate::html::html!(@ $out $($rest)*);
    };
    ($($part:tt)+) => {{
        let mut out = $crate::html::Html::default();
        $crate::html::html!(@ out $($part)+);
        out
    }};
}

pub(crate) use html;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_html_is_escaped_wherever_it_stands() {
        let text = "<b a=\"&\">".to_owned();
        let inner = html!("<i>", text, "</i>");
        assert_eq!(inner.as_str(), "<i>&lt;b a=&quot;&amp;&quot;&gt;</i>");
        let count = 7_usize;
        let outer = html!("<p title=\"", &text[..2], "\">", inner, count, "</p>");
        assert_eq!(outer.as_str(), format!("<p title=\"&lt;b\">{}7</p>", inner.as_str()));
        let half = 0.5;
        let parts = html!(vec!["<", ">"], Some(&text).filter(|_| false), None::<Html>, half);
        assert_eq!(parts.as_str(), "&lt;&gt;0.5");
    }
}
