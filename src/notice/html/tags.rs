//! What the elements of HTML mean to a listener.

/// Elements without content (HTML Living Standard, 13.1.2).
pub(super) fn is_void(tag: &str) -> bool {
    matches!(
        tag,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "source"
            | "track"
            | "wbr"
            | "param"
    )
}

/// Elements whose content is no text of the page.
pub(super) fn is_silent(tag: &str) -> bool {
    matches!(
        tag,
        "head"
            | "title"
            | "script"
            | "style"
            | "template"
            | "noscript"
            | "iframe"
            | "object"
            | "svg"
            | "math"
            | "canvas"
            | "audio"
            | "video"
            | "map"
            | "select"
            | "textarea"
            | "button"
            | "rt"
            | "rp"
            | "noembed"
            | "noframes"
            | "dialog"
            | "datalist"
    )
}

/// Elements that begin and end a line.
pub(super) fn is_block(tag: &str) -> bool {
    matches!(
        tag,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "caption"
            | "center"
            | "dd"
            | "details"
            | "dir"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hgroup"
            | "hr"
            | "html"
            | "legend"
            | "li"
            | "main"
            | "menu"
            | "nav"
            | "ol"
            | "p"
            | "pre"
            | "search"
            | "section"
            | "summary"
            | "table"
            | "tbody"
            | "tfoot"
            | "thead"
            | "tr"
            | "ul"
    )
}

/// Whether the start of `tag` closes an open `open` (HTML Living Standard, 13.1.2.4, optional tags).
pub(super) fn closes(tag: &str, open: &str) -> bool {
    match open {
        "p" => {
            is_block(tag) && !matches!(tag, "body" | "html" | "tr" | "tbody" | "thead" | "tfoot" | "caption")
        }
        "li" => tag == "li",
        "dt" | "dd" => matches!(tag, "dt" | "dd"),
        "tr" => matches!(tag, "tr" | "tbody" | "thead" | "tfoot"),
        "td" | "th" => matches!(tag, "td" | "th" | "tr" | "tbody" | "thead" | "tfoot"),
        "tbody" | "thead" | "tfoot" => matches!(tag, "tbody" | "thead" | "tfoot"),
        "rt" | "rp" => matches!(tag, "rt" | "rp"),
        "head" => tag == "body",
        _ => false,
    }
}

/// An end tag does not reach beyond these: `</p>` in a cell leaves the table open.
pub(super) fn is_scope(tag: &str) -> bool {
    matches!(tag, "table" | "td" | "th" | "caption" | "html" | "template")
}

/// The level of `h1` to `h6`.
pub(super) fn heading_level(tag: &str) -> Option<u8> {
    match tag.as_bytes() {
        [b'h', n @ b'1'..=b'6'] => Some(n - b'0'),
        _ => None,
    }
}
