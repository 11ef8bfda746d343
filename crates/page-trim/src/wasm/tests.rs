use wasm_encoder::{
    ConstExpr, EntityType, ExportKind, FunctionSection, MemorySection, MemoryType, NameMap, NameSection,
    TypeSection,
};

use super::*;

const PATH: &[u8] = b"/rustc/0123/library/core/src/cell.rs";
/// Address of the data.
const START: usize = 1000;

/// One import, a function that panics, one that writes a float, one that does neither; and data: a text, a
/// path, the place of a panic.
fn program() -> Vec<u8> {
    let mut module = Module::new();
    let mut types = TypeSection::new();
    types.ty().function([], [wasm_encoder::ValType::I32]);
    module.section(&types);
    let mut imports = ImportSection::new();
    imports.import("./page_bg.js", "__wbg_now_12", EntityType::Function(0));
    module.section(&imports);
    let mut functions = FunctionSection::new();
    functions.function(0).function(0).function(0);
    module.section(&functions);
    let mut memory = MemorySection::new();
    let limits =
        MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None };
    memory.memory(limits);
    module.section(&memory);
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0).export("run", ExportKind::Func, 3);
    exports.export("unused", ExportKind::Func, 1);
    module.section(&exports);
    let mut code = CodeSection::new();
    for number in [41, 42, 43] {
        let mut function = Function::new([]);
        function.instructions().i32_const(number).end();
        code.function(&function);
    }
    module.section(&code);
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(START as i32), bytes());
    module.section(&data);
    let mut map = NameMap::new();
    map.append(1, "core[0123456789abcdef]::panicking::panic_fmt");
    map.append(2, "<f64 as core[0123456789abcdef]::fmt::Display>::fmt");
    map.append(3, "page::run");
    let mut names = NameSection::new();
    names.functions(&map);
    module.section(&names);
    module.finish()
}

fn bytes() -> Vec<u8> {
    let mut data = b"text".to_vec();
    data.extend(PATH);
    for word in [START + 4, PATH.len(), 7, 9] {
        data.extend((word as u32).to_le_bytes());
    }
    data
}

fn exported(program: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(program) {
        if let Payload::ExportSection(section) = payload.unwrap() {
            names.extend(section.into_iter().map(|export| export.unwrap().name.to_owned()));
        }
    }
    names
}

fn has(program: &[u8], part: &[u8]) -> bool {
    program.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_panic_traps_without_a_word_and_the_rest_stays() {
    let kept = BTreeSet::from(["memory".to_owned(), "run".to_owned()]);
    let bare = without_panics(&program(), &kept).unwrap();
    assert_eq!(exported(&bare), ["memory", "run"]);
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(&bare) {
        match payload.unwrap() {
            Payload::CodeSectionEntry(body) => found.push(body.as_bytes().to_vec()),
            Payload::DataSection(data) => {
                let expected = [b"text".to_vec(), vec![0; PATH.len() + 16]].concat();
                assert_eq!(data.into_iter().next().unwrap().unwrap().data, expected);
            }
            _ => {}
        }
    }
    // No locals; unreachable, i32.const 0, i32.const 43; end.
    assert_eq!(found, [&[0, 0, 0x0b][..], &[0, 0x41, 0, 0x0b], &[0, 0x41, 43, 0x0b]]);
    assert!(without_panics(&bare[..8], &kept).is_err(), "a program without names");
}

#[test]
fn imports_and_exports_get_short_names() {
    let program = program();
    let imports = imports(&program).unwrap();
    assert_eq!(imports.iter().map(String::as_str).collect::<Vec<_>>(), ["__wbg_now_12"]);
    let exports = BTreeSet::from(["memory".to_owned(), "run".to_owned(), "unused".to_owned()]);
    let short = renamed(&program, &Names::new(&imports, &exports)).unwrap();
    assert_eq!(exported(&short), ["memory", "a", "b"]);
    assert!(!has(&short, b"__wbg_now_12") && !has(&short, b"page_bg") && !has(&short, b"page::run"));
}

#[test]
fn names_do_not_come_twice() {
    let names: BTreeSet<String> = (0..2000).map(letters).collect();
    assert_eq!(names.len(), 2000);
}
