//! Serves the example: `serve <folder>`. `crates/leptos-swr/example` builds it and calls this.
//!
//! `good`, `broken`, `silent` or `lost` on the standard input change how the API answers from then on.

mod server;

use server::{Mood, Server};

fn main() {
    let folder = std::env::args().nth(1).expect("usage: serve <folder of the built example>");
    let server = Server::start(&folder, 8089).expect("port 8089 is free");
    println!("http://{}  (type good, broken, silent or lost)", server.address);
    for line in std::io::stdin().lines().map_while(Result::ok) {
        match line.trim() {
            "good" => server.set_mood(Mood::Good),
            "broken" => server.set_mood(Mood::Broken),
            "silent" => server.set_mood(Mood::Silent),
            "lost" => server.set_mood(Mood::Lost),
            other => println!("expected good, broken, silent or lost, but found {other:?}"),
        }
        let log = server.log();
        println!("asked {} times so far, {} aborted", log.asked.len(), log.aborted);
    }
}
