//! The table.

use crate::harness::Ratio;

/// What a row's median ratio is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    AtMost(f64),
    AtLeast(f64),
    /// For information.
    None,
}

impl Goal {
    fn met(self, ratio: f64) -> &'static str {
        let met = match self {
            Self::AtMost(goal) => ratio <= goal,
            Self::AtLeast(goal) => ratio >= goal,
            Self::None => return "",
        };
        if met { "met" } else { "missed" }
    }
}

#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) work: String,
    pub(crate) against: &'static str,
    pub(crate) goal: Goal,
    pub(crate) ratio: Ratio,
    /// Ours and theirs, in `unit`: what this machine makes of it just now.
    pub(crate) absolute: (f64, f64),
    pub(crate) unit: &'static str,
}

const COLUMNS: [&str; 7] = ["work", "against", "min", "median", "goal", "", "ours / theirs, for information"];

pub(crate) fn print(rows: &[Row]) {
    let mut table = vec![COLUMNS.map(str::to_owned)];
    table.extend(rows.iter().map(|row| {
        [
            row.work.clone(),
            row.against.to_owned(),
            format!("{:.3}", row.ratio.min),
            format!("{:.3}", row.ratio.median),
            match row.goal {
                Goal::AtMost(goal) => format!("≤ {goal:.2}"),
                Goal::AtLeast(goal) => format!("≥ {goal:.2}"),
                Goal::None => String::new(),
            },
            row.goal.met(row.ratio.median).to_owned(),
            format!("{:.0} / {:.0} {}", row.absolute.0, row.absolute.1, row.unit),
        ]
    }));
    let width = |column: usize| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; COLUMNS.len()] = std::array::from_fn(width);
    for row in &table {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        println!("{}", cells.join("  ").trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_at_its_bound() {
        assert_eq!(Goal::AtMost(0.6).met(0.6), "met");
        assert_eq!(Goal::AtMost(0.6).met(0.61), "missed");
        assert_eq!(Goal::AtLeast(0.9).met(0.9), "met");
        assert_eq!(Goal::AtLeast(0.9).met(0.89), "missed");
    }
}
