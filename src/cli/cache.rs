//! `lakelens cache`: the thumbnails on disk, and the files of servers.

use super::context::Context;
use super::error::AppError;
use super::grammar::Json;
use super::output::{bytes, grouped};
use crate::domain::text::printable;
use crate::lake::bytes::disk::FileCache;
use crate::media::cache::{CacheStats, DiskCache};
use clap::{Args, Subcommand};
use serde_json::json;

/// Show and clear the thumbnails and the files of servers kept on disk
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  lakelens cache show\n  lakelens cache clear")]
pub(crate) struct CacheArgs {
    #[command(subcommand)]
    command: CacheCommand,
}

#[derive(Debug, Subcommand)]
enum CacheCommand {
    /// How much is kept, and where
    #[command(after_help = "Examples:\n  lakelens cache show\n  lakelens cache show --json")]
    Show(Json),
    /// Delete what is kept; it is made and fetched again when needed
    #[command(after_help = "Examples:\n  lakelens cache clear\n  lakelens cache clear --json")]
    Clear(Json),
}

pub(super) fn run(args: &CacheArgs, context: &mut Context) -> Result<(), AppError> {
    let folder = context.loaded.paths.thumbnails();
    let limit = context.loaded.settings.cache_disk_mb.saturating_mul(1 << 20);
    let cache = DiskCache::new(&folder, limit);
    let shown = folder.display().to_string();
    let cannot = |e| AppError::failed(format!("the cache {} cannot be read", printable(&shown))).because(e);
    let (stats, json, cleared) = match &args.command {
        CacheCommand::Show(json) => (stats(&cache, &folder).map_err(cannot)?, json, false),
        CacheCommand::Clear(json) if !folder.exists() => (CacheStats { limit, ..CacheStats::default() }, json, true),
        CacheCommand::Clear(json) => (cache.clear().map_err(cannot)?, json, true),
    };
    let fetched = FileCache::new(&context.loaded.paths.fetched(), limit);
    let (files, held, _) = fetched.stats().map_err(cannot)?;
    if cleared {
        fetched.clear().map_err(cannot)?;
    }
    if json.json {
        return context.out.json(&json!({
            "folder": shown, "entries": stats.entries, "bytes": stats.bytes, "limit": stats.limit, "cleared": cleared,
            "fetched": { "entries": files, "bytes": held },
        }));
    }
    let (verb, of) =
        if cleared { ("deleted ", String::new()) } else { ("", format!(" of at most {}", bytes(stats.limit))) };
    let entries = grouped(stats.entries);
    context.out.line(&format!("{verb}{entries} thumbnails, {}{of}, in {}", bytes(stats.bytes), printable(&shown)))?;
    context.out.line(&format!("{verb}{} files of servers, {}{of}", grouped(files), bytes(held)))
}

fn stats(cache: &DiskCache, folder: &std::path::Path) -> std::io::Result<CacheStats> {
    if folder.exists() { cache.stats() } else { Ok(CacheStats::default()) }
}
