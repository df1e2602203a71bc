//! A plug-in: each `plugin_fn` is a function that hosts call by name.
use extism_pdk::*;

/// Input: a name. Output: a greeting, which the host may set (`--config greeting=Salut`).
#[plugin_fn]
pub fn greet(name: String) -> FnResult<String> {
    let greeting = config::get("greeting")?.unwrap_or_else(|| "Hello".to_string());
    Ok(format!("{greeting}, {name}!"))
}
