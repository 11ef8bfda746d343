//! Functions of the page's scripts: texts in the page's language, rows, titles and durations. The scripts
//! paint the first rows before the program is loaded, so all formatting is in them.

use calls_model::{DetailedCall, NumberInfo, Problem, TalkTime};

/// A text in the page's language. English texts are the keys; `frontend/texts` has the translations.
pub fn t(text: &str) -> String {
    bindings::text(text, &[])
}

/// A text with its `{names}` replaced.
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    bindings::text(text, values)
}

/// A text with `{n}` replaced, in the plural form of the language.
pub fn count(text: &str, n: u64) -> String {
    bindings::count(text, n)
}

/// Inner HTML of a call's row. `owner` is the owner of the history, and `home` the owner's country.
pub fn row(call: &DetailedCall, owner: &str, home: Option<&str>) -> String {
    bindings::row(&json(call), owner, home)
}

/// Inner HTML of the title. The numbers are from the address; data about them may not have arrived.
pub fn title(
    number: &str,
    info: Option<&NumberInfo>,
    party: Option<&str>,
    person: Option<&NumberInfo>,
) -> String {
    bindings::title(number, info.map(json), party, person.map(json))
}

/// The name or number in the heading; with an `owner`, of a person on that owner's page.
pub fn heading(number: &str, info: Option<&NumberInfo>, owner: Option<&NumberInfo>) -> String {
    bindings::heading(number, info.map(json), owner.map(json))
}

/// Spelling of a party. `details` is present if known; numbers of the country `home` have the national
/// format.
pub fn spelling(party: &str, details: Option<String>, home: Option<&str>) -> String {
    bindings::spelling(party, details, home)
}

/// A duration in words: `37 seconds`, `3 min 35 s`, `1 h 12 min`.
pub fn duration(time: TalkTime) -> String {
    bindings::duration(time.ms() as f64)
}

/// A waiting time: as a duration, or in days.
pub fn wait(time: TalkTime) -> String {
    bindings::wait(time.ms() as f64)
}

/// An error of the server as a sentence in the page's language.
pub fn problem(problem: &Problem) -> String {
    bindings::problem(problem)
}

/// The occurrences of a number, as HTML. Empty if there are none.
pub fn occurrences(info: &NumberInfo) -> String {
    bindings::occurrences(&json(info))
}

/// Shows the panel of a call, which returns to `back` when closed; without an id, closes it.
pub fn panel(number: &str, id: Option<&str>, back: &str) {
    bindings::panel(number, id, back);
}

/// Runs when no click, key or composition is under way, because it replaces their targets.
pub fn when_nothing_is_under_way(begin: impl FnOnce() + 'static) {
    bindings::when_nothing_is_under_way(begin);
}

/// Renders the first page in `main`, if its script is loaded.
pub fn home() {
    bindings::home();
}

/// A number in decimal digits for CSS and SVG, formatted by the browser.
pub fn decimal(number: f64) -> String {
    bindings::decimal(number)
}

/// A value as JSON for the scripts.
pub fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(target_arch = "wasm32")]
mod bindings {
    use js_sys::{Object, Reflect};
    use wasm_bindgen::prelude::*;

    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(js_namespace = ["calls", "program"], js_name = t)]
        fn translate(text: &str, values: &Object) -> String;
        #[wasm_bindgen(js_namespace = ["calls", "program"])]
        pub fn row(call: &str, owner: &str, home: Option<&str>) -> String;
        #[wasm_bindgen(js_namespace = ["calls", "program"])]
        pub fn title(
            number: &str,
            info: Option<String>,
            party: Option<&str>,
            person: Option<String>,
        ) -> String;
        #[wasm_bindgen(js_namespace = ["calls", "program"])]
        pub fn heading(number: &str, info: Option<String>, owner: Option<String>) -> String;
        #[wasm_bindgen(js_namespace = ["calls", "program"])]
        pub fn spelling(party: &str, details: Option<String>, home: Option<&str>) -> String;
        #[wasm_bindgen(js_namespace = ["calls", "program"])]
        pub fn duration(ms: f64) -> String;
        #[wasm_bindgen(js_namespace = ["calls", "program"])]
        pub fn wait(ms: f64) -> String;
        #[wasm_bindgen(js_namespace = ["calls", "program"], js_name = problem)]
        fn problem_in_words(problem: &str) -> String;
        #[wasm_bindgen(js_namespace = ["calls", "program"])]
        pub fn occurrences(info: &str) -> String;
        #[wasm_bindgen(js_namespace = ["calls", "program"])]
        pub fn panel(number: &str, id: Option<&str>, back: &str);
        #[wasm_bindgen(js_namespace = ["calls", "program"])]
        pub fn home();
        #[wasm_bindgen(js_namespace = ["calls"], js_name = takeOver)]
        fn take_over(begin: JsValue);
        #[wasm_bindgen(js_name = String)]
        pub fn decimal(number: f64) -> String;
    }

    pub fn problem(problem: &calls_model::Problem) -> String {
        problem_in_words(&super::json(problem))
    }

    pub fn when_nothing_is_under_way(begin: impl FnOnce() + 'static) {
        take_over(Closure::once_into_js(begin));
    }

    pub fn text(text: &str, values: &[(&str, &str)]) -> String {
        let object = Object::new();
        for (name, value) in values {
            set(&object, name, &JsValue::from_str(value));
        }
        translate(text, &object)
    }

    pub fn count(text: &str, n: u64) -> String {
        let object = Object::new();
        set(&object, "n", &JsValue::from_f64(n as f64));
        translate(text, &object)
    }

    fn set(object: &Object, name: &str, value: &JsValue) {
        // Setting a property of a new plain object cannot fail.
        Reflect::set(object, &JsValue::from_str(name), value).unwrap_or_default();
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod bindings {
    //! Outside a browser, for unit tests, texts are in English.

    pub fn text(text: &str, values: &[(&str, &str)]) -> String {
        values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    }

    pub fn count(text: &str, n: u64) -> String {
        text.replace("{n}", &n.to_string())
    }

    pub fn row(call: &str, _: &str, _: Option<&str>) -> String {
        call.to_owned()
    }

    pub fn title(number: &str, _: Option<String>, _: Option<&str>, _: Option<String>) -> String {
        number.to_owned()
    }

    pub fn heading(number: &str, _: Option<String>, _: Option<String>) -> String {
        number.to_owned()
    }

    pub fn spelling(party: &str, _: Option<String>, _: Option<&str>) -> String {
        party.to_owned()
    }

    pub fn duration(ms: f64) -> String {
        ms.to_string()
    }

    pub fn wait(ms: f64) -> String {
        ms.to_string()
    }

    pub fn problem(problem: &calls_model::Problem) -> String {
        problem.detail.as_ref().unwrap_or(&problem.title).clone()
    }

    pub fn occurrences(_: &str) -> String {
        String::new()
    }

    pub fn panel(_: &str, _: Option<&str>, _: &str) {}

    pub fn home() {}

    pub fn decimal(number: f64) -> String {
        number.to_string()
    }

    pub fn when_nothing_is_under_way(begin: impl FnOnce() + 'static) {
        begin();
    }
}
