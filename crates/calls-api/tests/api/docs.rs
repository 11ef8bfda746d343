use std::fs;
use std::path::Path;

use crate::test_app::{TestApp, calls};

#[test]
fn each_command_and_option_in_the_documents_exists() {
    let help = |arguments: &[&str]| String::from_utf8(calls(arguments).stdout).unwrap();
    let commands = help(&["--help"]);
    let commands = commands.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let commands: Vec<&str> = commands.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let book = fs::read_dir(root.join("docs/src")).unwrap().map(|entry| entry.unwrap().path());
    let documents = book.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let mut tried = 0;
    for document in documents.chain([root.join("README.md")]) {
        let text = fs::read_to_string(&document).unwrap();
        let uses = text.lines().flat_map(|line| line.split(['`', '|']));
        for used in uses {
            let found = commands.iter().find_map(|command| {
                used.split_once(&format!("calls {command} ")).map(|(_, rest)| (*command, rest))
            });
            let Some((command, rest)) = found else { continue };
            // Of a command with subcommands the subcommand has the options.
            let subcommand =
                rest.split_whitespace().next().filter(|_| ["contacts", "lines"].contains(&command));
            let arguments: Vec<&str> =
                [Some(command), subcommand, Some("--help")].into_iter().flatten().collect();
            let help = help(&arguments);
            for option in rest.split([' ', '=']).filter(|word| word.starts_with("--")) {
                tried += 1;
                assert!(help.contains(option), "{}: calls {command} {option}", document.display());
            }
        }
    }
    assert!(tried > 3, "{tried}");
}

#[test]
fn swagger_ui_comes_from_this_server_alone_and_needs_no_script_in_its_html() {
    let app = TestApp::new();
    let page = app.get("/api/docs");
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
    assert!(!page.header("content-security-policy").contains("unsafe-inline"));
    assert!(
        page.body.contains("<script src=") && !page.body.contains("<script>") && !page.body.contains("//")
    );
    let addresses = page.body.split(['"', '\'']).filter(|part| part.starts_with("docs/"));
    let found: Vec<_> = addresses.map(|address| (address, app.get(&format!("/api/{address}")))).collect();
    assert_eq!(found.len(), 3);
    for (address, answer) in found {
        assert_eq!(answer.status, 200, "{address}");
        assert!(!answer.body.is_empty(), "{address}");
    }
    assert_eq!(app.get("/api/docs/nothing.js").problem().kind, "/problems/not-found");
}

#[test]
fn the_large_script_of_swagger_ui_is_sent_compressed_and_only_once() {
    let app = TestApp::new();
    let path = "/api/docs/swagger-ui-bundle.js";
    let first = app.get_with(path, &[("accept-encoding", "br")]);
    assert_eq!((first.status, first.header("content-encoding")), (200, "br"));
    assert_eq!(app.get_with(path, &[("if-none-match", first.header("etag"))]).status, 304);
}
