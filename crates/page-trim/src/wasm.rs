//! Trims the WebAssembly program.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use anyhow::{Context, ensure};
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{
    CodeSection, CustomSection, DataSection, ExportSection, Function, ImportSection, Module, reencode,
};
use wasmparser::{FunctionBody, KnownCustom, Name, Parser, Payload};

use crate::Renamed;

/// Functions that format a panic message and then trap. The page cannot show it, so they only trap.
const PANICS: [&str; 10] = [
    "core::panicking::",
    "core::option::unwrap_failed",
    "core::option::expect_failed",
    "core::result::unwrap_failed",
    "core::slice::index::slice_index_fail",
    "core::str::slice_error_fail",
    "core::cell::panic_already_",
    "std::panicking::panic_with_hook",
    "::assert_failed",
    "::len_mismatch_fail",
];
/// Functions that format floats. In the page only an error of serde contains one, and may omit it;
/// `script::decimal` formats floats.
const FLOATS: [&str; 2] = ["<f64 as core::fmt::Display>::fmt", "<f64 as core::fmt::Debug>::fmt"];

/// Replacement of a function's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    /// Traps.
    Trap,
    /// Returns 0, which is `Ok(())`.
    Zero,
}

/// Removes panic messages, the source locations that they contain, and unused exports from a program.
///
/// # Errors
/// It is not WebAssembly with a name section, or has no panics to remove.
pub fn without_panics(program: &[u8], exports: &BTreeSet<String>) -> anyhow::Result<Vec<u8>> {
    let (bodies, first) = bodies(program)?;
    ensure!(bodies.values().any(|body| *body == Body::Trap), "expected functions for panics, by their names");
    let zeros = places(program)?;
    let mut trim = Trim { bodies, next: first, zeros, segment: 0, exports: Some(exports), names: None };
    trim.run(program)
}

/// Renames imports and exports.
///
/// # Errors
/// It is not WebAssembly.
pub fn renamed(program: &[u8], names: &Names) -> anyhow::Result<Vec<u8>> {
    let mut trim = Trim {
        bodies: HashMap::new(),
        next: 0,
        zeros: Vec::new(),
        segment: 0,
        exports: None,
        names: Some(names),
    };
    trim.run(program)
}

/// Names of the imports.
///
/// # Errors
/// It is not WebAssembly.
pub fn imports(program: &[u8]) -> anyhow::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for payload in Parser::new(0).parse_all(program) {
        if let Payload::ImportSection(section) = payload? {
            for import in section.into_imports() {
                names.insert(import?.name.to_owned());
            }
        }
    }
    Ok(names)
}

/// Short names for imports and exports.
pub struct Names {
    /// Names of imports.
    pub imports: Renamed,
    /// Names of exports.
    pub exports: Renamed,
}

impl Names {
    /// Module name of all imports.
    pub const MODULE: &str = "a";

    /// Names of one or two letters. The memory keeps its name.
    pub fn new(imports: &BTreeSet<String>, exports: &BTreeSet<String>) -> Self {
        let short = |names: &BTreeSet<String>| {
            names.iter().filter(|name| *name != "memory").cloned().zip((0..).map(letters)).collect()
        };
        Self { imports: short(imports), exports: short(exports) }
    }
}

/// `a` to `z`, then `aa`, `ba` and so on.
fn letters(number: usize) -> String {
    let letter = char::from(b'a' + (number % 26) as u8);
    match number / 26 {
        0 => letter.to_string(),
        rest => letter.to_string() + &letters(rest - 1),
    }
}

/// Indices of functions whose bodies are replaced, and index of the first body.
fn bodies(program: &[u8]) -> anyhow::Result<(HashMap<u32, Body>, u32)> {
    let (mut bodies, mut imported) = (HashMap::new(), 0);
    for payload in Parser::new(0).parse_all(program) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    imported += u32::from(matches!(import?.ty, wasmparser::TypeRef::Func(_)));
                }
            }
            Payload::CustomSection(section) => {
                let KnownCustom::Name(names) = section.as_known() else { continue };
                for subsection in names {
                    let Name::Function(functions) = subsection? else { continue };
                    for naming in functions {
                        let naming = naming?;
                        bodies.extend(body_of(naming.name).map(|body| (naming.index, body)));
                    }
                }
            }
            _ => {}
        }
    }
    Ok((bodies, imported))
}

/// Replacement for the body of a function with this name.
fn body_of(name: &str) -> Option<Body> {
    // `core[c5930c85a12de822]::option::unwrap_failed`
    let mut plain = String::with_capacity(name.len());
    for (index, part) in name.split('[').enumerate() {
        let rest = part.split_once(']').filter(|(hash, _)| index > 0 && hash.len() == 16);
        plain.push_str(rest.map_or(part, |(_, rest)| rest));
    }
    let is_any = |of: &[&str]| of.iter().any(|part| plain.contains(part));
    match () {
        () if plain.contains("drop_in_place") || plain.contains("PanicPayload") => None,
        () if is_any(&PANICS) => Some(Body::Trap),
        () if FLOATS.contains(&plain.as_str()) => Some(Body::Zero),
        () => None,
    }
}

/// Locations of source paths, and of the structures that point to them, in each data segment.
fn places(program: &[u8]) -> anyhow::Result<Vec<Vec<Range<usize>>>> {
    let mut segments = Vec::new();
    for payload in Parser::new(0).parse_all(program) {
        if let Payload::DataSection(section) = payload? {
            for datum in section {
                let datum = datum?;
                let wasmparser::DataKind::Active { offset_expr, .. } = datum.kind else {
                    segments.push((0, datum.data));
                    continue;
                };
                let mut operators = offset_expr.get_operators_reader();
                let wasmparser::Operator::I32Const { value } = operators.read()? else {
                    anyhow::bail!("expected data at a constant address")
                };
                segments.push((u32::try_from(value).context("expected an address")?, datum.data));
            }
        }
    }
    let paths: HashMap<u32, u32> = segments
        .iter()
        .flat_map(|(start, data)| {
            paths(data).into_iter().map(move |path| (start + path.start as u32, path.len() as u32))
        })
        .collect();
    let zeros = |(start, data): &(u32, &[u8])| [self::paths(data), locations(*start, data, &paths)].concat();
    Ok(segments.iter().map(zeros).collect())
}

/// Paths of source files, each as a range.
fn paths(data: &[u8]) -> Vec<Range<usize>> {
    let is_of_path = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-".contains(byte);
    let mut found = Vec::new();
    let mut from = 0;
    for end in 0..data.len().saturating_sub(2) {
        if &data[end..end + 3] != b".rs" {
            continue;
        }
        let end = end + 3;
        let length = data[from..end].iter().rev().take_while(|byte| is_of_path(byte)).count();
        let text = &data[end - length..end];
        // Texts are adjacent without separators.
        let roots: [&[u8]; 7] =
            [b"/rustc/", b"/root/", b"/home/", b"/cargo/", b"/calls/", b"crates/", b"frontend/"];
        let start = roots.iter().filter_map(|root| text.windows(root.len()).position(|part| part == *root));
        if let Some(start) = start.min() {
            found.push(end - length + start..end);
        }
        from = end;
    }
    found
}

/// `core::panic::Location` structures: a path, its length, a line and a column, four bytes each.
fn locations(start: u32, data: &[u8], paths: &HashMap<u32, u32>) -> Vec<Range<usize>> {
    let word =
        |at: usize| data.get(at..at + 4).and_then(|word| word.try_into().ok()).map_or(0, u32::from_le_bytes);
    let is_location = |at: &usize| {
        let is_path = paths.get(&word(*at)).is_some_and(|length| *length == word(at + 4));
        is_path && (1..100_000).contains(&word(at + 8)) && (1..1000).contains(&word(at + 12))
    };
    let first = start.next_multiple_of(4) - start;
    let aligned = (first as usize..data.len().saturating_sub(15)).step_by(4);
    aligned.filter(is_location).map(|at| at..at + 16).collect()
}

/// Writes a program with changes.
struct Trim<'a> {
    bodies: HashMap<u32, Body>,
    /// Index of the next function.
    next: u32,
    /// Ranges to be zeroed, by segment.
    zeros: Vec<Vec<Range<usize>>>,
    segment: usize,
    /// Exports to keep; `None` for all.
    exports: Option<&'a BTreeSet<String>>,
    names: Option<&'a Names>,
}

type Outcome = Result<(), Error>;

impl Trim<'_> {
    fn run(&mut self, program: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut module = Module::new();
        let written = self.parse_core_module(&mut module, Parser::new(0), program);
        written.map_err(|error| anyhow::anyhow!("cannot read the program: {error}"))?;
        Ok(module.finish())
    }
}

impl Reencode for Trim<'_> {
    type Error = std::convert::Infallible;

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Outcome {
        let index = self.next;
        self.next += 1;
        let Some(short) = self.bodies.get(&index) else {
            code.raw(body.as_bytes());
            return Ok(());
        };
        let mut function = Function::new([]);
        match short {
            Body::Trap => function.instructions().unreachable().end(),
            Body::Zero => function.instructions().i32_const(0).end(),
        };
        code.function(&function);
        Ok(())
    }

    fn parse_data(&mut self, data: &mut DataSection, datum: wasmparser::Data<'_>) -> Outcome {
        let mut bytes = datum.data.to_vec();
        for zeros in self.zeros.get(self.segment).into_iter().flatten() {
            bytes[zeros.clone()].fill(0);
        }
        self.segment += 1;
        reencode::utils::parse_data(self, data, wasmparser::Data { data: &bytes, ..datum })
    }

    fn parse_export(&mut self, exports: &mut ExportSection, export: wasmparser::Export<'_>) -> Outcome {
        if self.exports.is_some_and(|kept| !kept.contains(export.name)) {
            return Ok(());
        }
        let short = self.names.and_then(|names| names.exports.get(export.name));
        let name = short.map_or(export.name, |short| short);
        reencode::utils::parse_export(self, exports, wasmparser::Export { name, ..export })
    }

    fn parse_imports(&mut self, section: &mut ImportSection, imports: wasmparser::Imports<'_>) -> Outcome {
        for import in imports {
            let (_, import) = import?;
            let short = self.names.and_then(|names| names.imports.get(import.name));
            let name = short.map_or(import.name, |short| short);
            let module = if self.names.is_some() { Names::MODULE } else { import.module };
            let kind = self.entity_type(import.ty)?;
            section.import(module, name, kind);
        }
        Ok(())
    }

    fn parse_custom_section(
        &mut self,
        module: &mut Module,
        section: wasmparser::CustomSectionReader<'_>,
    ) -> Outcome {
        // wasm-opt needs the name section; the page does not.
        if self.names.is_none() {
            let (name, data) = (section.name().into(), section.data().into());
            module.section(&CustomSection { name, data });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
