//! Times of day: 8:30, 9:05:20, 8:30—11:30. Two digits of minutes make the difference to a ratio.

use super::{
    Class, Hit, Options, number,
    scan::{Scan, is_dash},
};

pub(super) fn time(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    let compared = ["比例", "比分", "比值", "比率", "之比", "配比", "按比"];
    if scan.before(i) == ':' && scan.before(i.saturating_sub(1)).is_ascii_digit()
        || scan.near_before(i, 6, compared.into_iter())
    {
        return None;
    }
    let (mut end, mut said) = one(scan, i)?;
    if scan.any(end, &["的比", "比例", "之比", "的配比"]) {
        return None;
    }
    let dash = scan.past_space(end);
    let after = scan.run(dash, is_dash);
    if after > dash
        && after - dash <= 2
        && let Some((last, until)) = one(scan, scan.past_space(after))
    {
        said = format!("{said}{}{until}", options.to());
        end = last;
    }
    Some(Hit::new(end, Class::Clock, said))
}

fn one(scan: &Scan<'_>, i: usize) -> Option<(usize, String)> {
    let hour_to = scan.digits(i);
    let minute_to = scan.digits(hour_to + 1);
    let hour = scan.value(i, hour_to).filter(|h| hour_to - i <= 2 && *h <= 24)?;
    let minute = scan.value(hour_to + 1, minute_to).filter(|m| *m < 60)?;
    if scan.at(hour_to) != ':' || minute_to - hour_to != 3 {
        return None;
    }
    let mut said = number::cardinal(&hour.to_string(), true) + "点";
    let second_to = scan.digits(minute_to + 1);
    if scan.at(minute_to) == ':' {
        let second = scan.value(minute_to + 1, second_to).filter(|s| *s < 60)?;
        if second_to - minute_to != 3 {
            return None;
        }
        if minute > 0 || second > 0 {
            said = said + &padded(minute) + "分" + &padded(second) + "秒";
        }
        return Some((second_to, said));
    }
    if minute > 0 {
        said.push_str(&padded(minute));
        // 9:30分 writes it.
        if scan.at(minute_to) != '分' {
            said.push('分');
        }
    }
    Some((minute_to, said))
}

/// 5 → 零五, 30 → 三十.
fn padded(value: u32) -> String {
    let said = number::cardinal(&value.to_string(), false);
    if (1..10).contains(&value) { format!("零{said}") } else { said }
}
