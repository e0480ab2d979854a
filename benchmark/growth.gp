# SPDX-License-Identifier: BSD-2-Clause
# What an invocation costs over what grows, a line a column: benchmark/report.py sets
# terminal, output, heading, data, titles, units and columns.
set multiplot layout 1,words(titles) title heading font ",16"
set border 3
set xtics nomirror
set ytics nomirror
set logscale x 2
set format x "%.0b%B"
set format y "%.0s%c"
set yrange [0:*]
set key bottom right reverse Left
set rmargin 4
do for [n = 0 : words(titles) - 1] {
	set title word(titles, n + 1) font ",12"
	set xlabel word(units, n + 1)
	plot for [m = 1 : words(columns)] data index n using 1:(column(m + 1)) \
		with linespoints lw 2 pt (m + 3) ps 0.8 lc m title word(columns, m)
}
unset multiplot
