//! A folder for one run: the program's home, its data, and the pictures. It is deleted in the end.

use super::BenchError;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder. Deleted when it is dropped.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// A new folder below `parent`.
    pub(super) fn new(parent: &Path) -> Result<Self, BenchError> {
        let number = jiff::Timestamp::now().as_nanosecond();
        let path = parent.join(format!("lakelens-bench-{}-{number}", std::process::id()));
        crate::config::private_file::create_folder(&path).map_err(|e| BenchError::file(&path, e))?;
        Ok(Self { path })
    }

    pub(super) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// A folder in it.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf, BenchError> {
        let path = self.join(name);
        fs::create_dir_all(&path).map_err(|e| BenchError::file(&path, e))?;
        Ok(path)
    }

    /// A file in it.
    pub(super) fn write(&self, name: &str, content: &[u8]) -> Result<PathBuf, BenchError> {
        let path = self.join(name);
        fs::write(&path, content).map_err(|e| BenchError::file(&path, e))?;
        Ok(path)
    }

    /// A program in the folder `bin` of it.
    pub(super) fn script(&self, name: &str, content: &str) -> Result<PathBuf, BenchError> {
        use std::os::unix::fs::PermissionsExt;
        let folder = self.folder("bin")?;
        let path = self.write(&format!("bin/{name}"), content.as_bytes())?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).map_err(|e| BenchError::file(&path, e))?;
        Ok(folder)
    }

    /// So many names for the pictures, in turn: each name is a picture of its own for whoever lists the folder, in the
    /// order of its number.
    pub(super) fn pictures(&self, set: &[PathBuf], count: usize) -> Result<PathBuf, BenchError> {
        let folder = self.folder("pictures")?;
        for (number, file) in set.iter().cycle().take(count).enumerate() {
            let ending = file.extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
            let path = folder.join(format!("picture_{number:04}{ending}"));
            let linked = fs::hard_link(file, &path).or_else(|_| std::os::unix::fs::symlink(file, &path));
            linked.map_err(|e| BenchError::file(&path, e))?;
        }
        Ok(folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A folder that stays behind in the temporary files does no harm.
        let _ = fs::remove_dir_all(&self.path);
    }
}
