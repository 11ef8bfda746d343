//! Serves the example: `serve <folder>`. `crates/leptos-swr/example` builds it and calls this.

mod server;

fn main() {
    let folder = std::env::args().nth(1).expect("usage: serve <folder of the built example>");
    let server = server::Server::start(&folder, 8089).expect("port 8089 is free");
    println!("http://{}", server.address);
    loop {
        std::thread::park();
    }
}
