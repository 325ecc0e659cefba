//! Tables in a voice folder: two columns parted by a tab; `# ` begins a comment.

/// The rows of a table.
///
/// # Errors
/// Where a line is not two columns; `name` says of what the table is.
pub(super) fn rows<'t>(
    table: &'t str,
    name: &str,
) -> Result<impl Iterator<Item = (&'t str, &'t str)>, String> {
    let rows: Option<Vec<_>> = table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("# "))
        .map(|line| line.split_once('\t'))
        .collect();
    Ok(rows.ok_or(format!("the table of {name} has a line that is not two columns"))?.into_iter())
}

/// The only character of `text`.
pub(super) fn only(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}
