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
fn each_variable_of_the_server_is_explained_and_reaches_a_container() {
    let help = String::from_utf8(calls(&["serve", "--help"]).stdout).unwrap();
    let names: Vec<&str> =
        help.split("[env: ").skip(1).filter_map(|rest| rest.split([']', '=']).next()).collect();
    assert!(names.len() > 25, "{names:?}");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |file: &str| fs::read_to_string(root.join(file)).unwrap();
    let (example, compose) = (read(".env.example"), read("docker-compose.yml"));
    for name in names {
        let line = format!("#{name}=");
        assert!(example.lines().any(|found| found.starts_with(&line)), ".env.example: {name}");
        // The image has its own address, and no private PostgreSQL; files are mounted by who has them.
        let is_elsewhere = ["CALLS_BIND", "CALLS_CONFIG", "CALLS_DATA_DIR"].contains(&name);
        let is_there = compose.contains(&format!("      {name}:"));
        assert!(is_there || is_elsewhere || name.ends_with("_FILE"), "docker-compose.yml: {name}");
    }
}

#[test]
fn help_is_a_command_and_tells_of_each_of_the_others() {
    let help = String::from_utf8(calls(&["help"]).stdout).unwrap();
    let plain = String::from_utf8(calls(&["--help"]).stdout).unwrap();
    assert_eq!(help, plain);
    let of_import = calls(&["help", "import"]);
    assert!(of_import.status.success(), "{of_import:?}");
    assert_eq!(of_import.stdout, calls(&["import", "--help"]).stdout);
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
