# SPDX-License-Identifier: BSD-2-Clause
# The columns side by side, a panel a row: benchmark/report.py sets terminal, output,
# heading, data and titles.
set multiplot layout 5,4 title heading font ",16"
set style fill solid 0.8 noborder
set boxwidth 0.7
set border 3
set xrange [-0.6:4.6]
set yrange [0:*]
set offsets 0, 0, graph 0.15, 0
set xtics nomirror scale 0 font ",9"
set ytics nomirror
set format y "%.1s%c"
unset key
do for [n = 0 : words(titles) - 1] {
	set title word(titles, n + 1) font ",11"
	plot data index n using 0:2:($0 + 1):xtic(1) with boxes lc variable, \
		data index n using 0:2:3 with labels offset 0,0.6 font ",9"
}
unset multiplot
