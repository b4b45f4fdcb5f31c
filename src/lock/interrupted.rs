//! Ending a replacement that was interrupted: forward when its stage is complete, else backward.

use super::durable::{remove, rename, step, sync_folder, write_synced};
use super::stage::{Stage, exclusive};
use super::unchanged::list_files;
use super::verify::{differences_in, file_differences};
use super::{LockError, LockFile, generations};
use crate::project::Layout;
use std::path::Path;

/// Ends a replacement that was interrupted. One that is going on is left alone.
pub(crate) fn recover(layout: &Layout) -> Result<(), LockError> {
    let stage = Stage::of(layout);
    if !stage.folder().exists() {
        return Ok(());
    }
    let finished = exclusive(layout).and_then(|_exclusive| finish(layout));
    match finished {
        // Somebody is at it.
        Err(LockError::Busy { .. }) => Ok(()),
        // What is staged and not complete is in nobody's way, where it cannot be removed.
        Err(_) if !stage.marker().exists() => Ok(()),
        result => result,
    }
}

/// Ends a replacement, wherever it was interrupted, and leaves nothing of it. The caller keeps others out.
pub(super) fn finish(layout: &Layout) -> Result<(), LockError> {
    finish_complete(layout)?;
    Stage::of(layout).remove()
}

/// Puts a complete stage in place. What is left of it afterwards counts for nothing.
pub(super) fn finish_complete(layout: &Layout) -> Result<(), LockError> {
    let stage = Stage::of(layout);
    if !stage.marker().exists() {
        return Ok(());
    }
    if !is_undone_by_hand(layout, &stage)? {
        put_in_place(layout, &stage)
            .and_then(|()| keep_generation(layout, &stage))
            .map_err(LockError::after_the_marker)?;
    }
    // Readers wait as long as it is there.
    std::fs::remove_file(stage.marker())
        .map_err(|source| LockError::file("remove", stage.marker(), source).after_the_marker())
}

fn put_in_place(layout: &Layout, stage: &Stage) -> Result<(), LockError> {
    let (new, generated) = (stage.new_generated(), layout.generated());
    if new.exists() {
        if generated.exists() {
            rename(&generated, &stage.old_generated())?;
        }
        rename(&new, &generated)?;
    }
    let (lock, new_lock) = (layout.lock(), stage.new_lock());
    if new_lock.exists() || stage.no_lock().exists() {
        if lock.exists() {
            remember_old_lock(layout, stage)?;
        } else {
            remember_unlocked(stage)?;
        }
    }
    if new_lock.exists() {
        rename(&new_lock, &lock)?;
    } else if stage.no_lock().exists() {
        step()
            .and_then(|()| remove(&lock))
            .map_err(|source| LockError::file("remove", &lock, source))?;
    }
    sync_folder(layout.root())
}

/// Whether somebody took the former files back, from version control say, before the replacement could be finished:
/// their word counts. What they took back has to be whole.
fn is_undone_by_hand(layout: &Layout, stage: &Stage) -> Result<bool, LockError> {
    let generated = layout.generated();
    let awaits_lock = stage.new_lock().exists() || stage.no_lock().exists() && layout.lock().exists();
    let is_half_way = stage.old_generated().exists() && awaits_lock;
    if !is_half_way || !generated.exists() {
        return Ok(false);
    }
    let differences = match LockFile::load(&layout.lock()) {
        Ok(Some(lock)) => file_differences(layout, &lock)?.texts,
        Ok(None) => vec!["mgw.lock is missing".to_owned()],
        Err(error) => vec![error.to_string()],
    };
    if differences.is_empty() {
        Ok(true)
    } else if stage.new_generated().exists() {
        Err(LockError::InTheWay {
            path: generated,
            differences,
        })
    } else {
        Ok(false)
    }
}

/// Gives the old lock a second name, unless the new one is over the same files: nobody needs to return to those.
fn remember_old_lock(layout: &Layout, stage: &Stage) -> Result<(), LockError> {
    let (old, second) = (layout.lock(), stage.old_lock());
    if has_same_files(&old, &stage.new_lock()) || second.exists() {
        return Ok(());
    }
    step().map_err(|source| LockError::file("keep", &second, source))?;
    if std::fs::hard_link(&old, &second).is_ok() {
        return Ok(());
    }
    // Where files have one name only. A copy that is cut short has another name.
    let copy = second.with_extension("copy");
    std::fs::copy(&old, &copy).map_err(|source| LockError::file("keep", &copy, source))?;
    rename(&copy, &second)
}

/// Notes that the old `gen/` had no lock, unless there is nothing in it to return to.
fn remember_unlocked(stage: &Stage) -> Result<(), LockError> {
    let old = stage.old_generated();
    if !old.is_dir() || stage.old_lock().exists() || !is_worth_keeping(&old, &stage.new_lock()) {
        return Ok(());
    }
    let note = stage.unlocked();
    step().map_err(|source| LockError::file("write", &note, source))?;
    write_synced(&note, b"")
}

/// Whether a `gen/` without a lock has other files than the lock `new` is over.
fn is_worth_keeping(generated: &Path, new: &Path) -> bool {
    let mut files = Vec::new();
    if list_files(generated, generations::GENERATED, &mut files).is_ok() && files.is_empty() {
        return false;
    }
    match LockFile::load(new) {
        Ok(Some(new)) => differences_in(generated, &new).map_or(true, |differences| !differences.texts.is_empty()),
        _ => true,
    }
}

/// Whether nobody needs to return to the lock `old`, because `new` is over the same files.
fn has_same_files(old: &Path, new: &Path) -> bool {
    // The same text is the rule, and large ones take long to parse.
    if let (Ok(old), Ok(new)) = (std::fs::read(old), std::fs::read(new))
        && old == new
    {
        return true;
    }
    match (LockFile::load(old), LockFile::load(new)) {
        (Ok(Some(old)), Ok(Some(new))) => old.all_files().eq(new.all_files()),
        (Ok(Some(_)), _) => false,
        // Nobody can return to what has no lock.
        _ => true,
    }
}

/// Makes a generation of what was replaced. Every step is skipped when it was done before the program was killed.
fn keep_generation(layout: &Layout, stage: &Stage) -> Result<(), LockError> {
    let folder = stage.generation();
    let kinds = [
        (stage.old_lock(), folder.join(generations::LOCK)),
        (stage.unlocked(), folder.join(generations::UNLOCKED)),
    ];
    for (old, kept) in &kinds {
        if old.exists() {
            std::fs::create_dir_all(&folder).map_err(|source| LockError::file("create", &folder, source))?;
            move_there(&stage.old_generated(), &folder.join(generations::GENERATED))?;
            rename(old, kept)?;
        }
    }
    if kinds.iter().any(|(_, kept)| kept.exists()) {
        generations::take_in(layout, &folder)?;
    }
    generations::drop_oldest(layout, stage.folder())
}

/// Renames what is there.
fn move_there(from: &Path, to: &Path) -> Result<(), LockError> {
    if from.exists() { rename(from, to) } else { Ok(()) }
}
