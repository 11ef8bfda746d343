//! The page as a program of its own, and its colours.

use super::app_with_calls;
use super::chromium::Chromium;
use super::history_page::HistoryPage;

#[tokio::test]
async fn the_page_can_be_installed_with_icons_of_all_sizes() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.wait_for_rows(3).await;
    let script = "const [done] = arguments;
        (async () => {
            const address = document.querySelector('link[rel=manifest]').href;
            const manifest = await (await fetch(address)).json();
            const icons = await Promise.all(manifest.icons.map(async ({src, sizes, type, purpose}) => {
                const image = new Image();
                image.src = new URL(src, address);
                await image.decode();
                const isRight = type === 'image/svg+xml' || sizes === `${image.naturalWidth}x${image.naturalHeight}`;
                return isRight ? purpose : `${src} is ${image.naturalWidth} wide`;
            }));
            return [manifest.name, manifest.display, manifest.start_url, ...icons];
        })().then(done, error => done([String(error)]))";
    let found = chromium.client.execute_async(script, Vec::new()).await.unwrap();
    let expected = serde_json::json!(["Calls", "standalone", "./", "any", "any", "any", "maskable"]);
    assert_eq!(found, expected);
    let problems = chromium.dev_tools("Page.getInstallabilityErrors", serde_json::json!({})).await;
    assert_eq!(problems["installabilityErrors"], serde_json::json!([]));
    chromium.stop().await;
}

#[tokio::test]
async fn the_theme_is_the_systems_until_one_is_chosen_and_then_stays() {
    let app = app_with_calls();
    let chromium = Chromium::start().await;
    chromium.set_media("screen", &[("prefers-color-scheme", "dark")]).await;
    let page = HistoryPage::open(&chromium, &app.address, "/calls/+12025550123").await;
    page.wait_for_rows(3).await;
    let is_dark = "(() => {
        const parts = getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).slice(0, 3);
        return parts.reduce((sum, part) => sum + Number(part), 0) < 120 })()";
    let name = "return document.querySelector('#theme').ariaLabel";
    for (theme, dark) in
        [("system", true), ("light", false), ("dark", true), ("system", true), ("light", false)]
    {
        assert_eq!(page.tab.string(name).await, format!("Theme: {theme}"));
        page.tab.wait_for(&format!("{is_dark} === {dark}")).await;
        page.tab.press_on("document.querySelector('#theme')").await;
    }
    // That was dark, the last one.
    assert_eq!(page.tab.string(name).await, "Theme: dark");
    chromium.set_media("screen", &[("prefers-color-scheme", "light")]).await;
    page.reload().await;
    page.wait_for_rows(3).await;
    page.tab.wait_for(&format!("{is_dark} === true")).await;
    assert_eq!(page.tab.string(name).await, "Theme: dark");
    chromium.stop().await;
}
