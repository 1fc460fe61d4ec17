//! The command that labels the rows of a table, with the columns filled in that can be guessed from their names.

use crate::domain::text::printable;

const ID: [&str; 5] = ["id", "image_id", "uuid", "guid", "key"];
const CLASS: [&str; 8] = ["class", "label", "category", "class_name", "label_name", "species", "target", "y"];
const PATH: [&str; 8] = ["path", "image_path", "file_path", "image", "filename", "file", "uri", "url"];
/// What stands for a column that cannot be guessed.
const UNKNOWN: &str = "COLUMN";

/// The column with one of these names, the first name first; else one whose name ends or begins with one.
fn guess<'a>(columns: &[&'a str], names: &[&str]) -> Option<&'a str> {
    let same = |name: &&str| columns.iter().find(|c| c.eq_ignore_ascii_case(name)).copied();
    let near = |name: &&str| {
        let (end, begin) = (format!("_{name}"), format!("{name}_"));
        let fits = |c: &str| c.to_lowercase().ends_with(&end) || c.to_lowercase().starts_with(&begin);
        columns.iter().find(|c| fits(c)).copied()
    };
    names.iter().find_map(same).or_else(|| names.iter().find_map(near))
}

/// `lakelens table main.vision.labels --id id --class class --path path`, safe to show and to paste into a shell.
/// `picture` is the column with paths of pictures, where that is known.
#[must_use]
pub fn command(table: &str, columns: &[&str], picture: Option<&str>) -> String {
    let id = guess(columns, &ID);
    let path = picture.or_else(|| guess(columns, &PATH));
    // A column has one meaning.
    let rest: Vec<&str> = columns.iter().copied().filter(|c| Some(*c) != id && Some(*c) != path).collect();
    let class = guess(&rest, &CLASS);
    let word = |column: Option<&str>| column.map_or_else(|| UNKNOWN.to_owned(), quoted);
    format!("lakelens table {} --id {} --class {} --path {}", quoted(table), word(id), word(class), word(path))
}

/// A word of a shell's command line.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:".contains(c);
    let safe = printable(word);
    if !safe.is_empty() && safe.chars().all(plain) {
        return safe.into_owned();
    }
    format!("'{}'", safe.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_guessed_from_their_names() {
        let of = |columns: &[&str], picture| command("main.v.t", columns, picture);
        assert_eq!(of(&["ID", "class", "path"], None), "lakelens table main.v.t --id ID --class class --path path");
        assert_eq!(
            of(&["image_id", "pred_label", "source", "score"], Some("source")),
            "lakelens table main.v.t --id image_id --class pred_label --path source"
        );
        assert_eq!(of(&["a", "b"], None), "lakelens table main.v.t --id COLUMN --class COLUMN --path COLUMN");
        assert_eq!(of(&["id", "my_class", "path"], None).matches("COLUMN").count(), 0);
        let odd = command("c.s.it's", &["id"], None);
        assert!(odd.contains(r"'c.s.it'\''s'"), "{odd}");
    }
}
