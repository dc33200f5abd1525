package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// report is what the command prints.
type report struct {
	Machine machine `json:"machine"`
	Options string  `json:"options"`
	Rows    []row   `json:"rows"`
}

// row is one measure of one case: the medians over the rounds.
type row struct {
	Case     string                   `json:"case"`
	Measure  string                   `json:"measure"`
	Unit     string                   `json:"unit"`
	Medians  map[serverKind]float64   `json:"medians"`
	Rounds   map[serverKind][]float64 `json:"rounds,omitempty"`
	Verdicts []verdict                `json:"targets,omitempty"`
}

// verdict is a target and whether it was met.
type verdict struct {
	Target string `json:"target"`
	Met    bool   `json:"met"`
}

// newRow takes one value of each round.
func newRow[T any](name, measure, unit string, rounds map[serverKind][]T, value func(T) float64) row {
	r := row{
		Case: name, Measure: measure, Unit: unit,
		Medians: map[serverKind]float64{}, Rounds: map[serverKind][]float64{},
	}
	for kind, items := range rounds {
		for _, item := range items {
			r.Rounds[kind] = append(r.Rounds[kind], value(item))
		}
		r.Medians[kind] = median(r.Rounds[kind])
	}
	return r
}

// single is a row of Highball alone.
func single(name, measure, unit string, value float64) row {
	return row{Case: name, Measure: measure, Unit: unit, Medians: map[serverKind]float64{highball: value}}
}

// ratio is Highball's value over gunicorn's; 0 where there is none.
func (r row) ratio() float64 {
	if r.Medians[gunicorn] == 0 {
		return 0
	}
	return r.Medians[highball] / r.Medians[gunicorn]
}

// atMost returns the row with a target for Highball's own value.
func (r row) atMost(limit float64) row {
	r.Verdicts = append(r.Verdicts, verdict{"at most " + number(limit) + " " + r.Unit, r.Medians[highball] <= limit})
	return r
}

// ratioAtMost and ratioAtLeast add targets where there is a ratio.
func (r row) ratioAtMost(limit float64) row {
	if ratio := r.ratio(); ratio > 0 {
		r.Verdicts = append(r.Verdicts, verdict{"at most " + number(limit) + " of gunicorn's", ratio <= limit})
	}
	return r
}

func (r row) ratioAtLeast(limit float64) row {
	if ratio := r.ratio(); ratio > 0 {
		r.Verdicts = append(r.Verdicts, verdict{"at least " + number(limit) + " of gunicorn's", ratio >= limit})
	}
	return r
}

// atLeast returns the row with a target for Highball's own value.
func (r row) atLeast(limit float64) row {
	r.Verdicts = append(r.Verdicts, verdict{"at least " + number(limit) + " " + r.Unit, r.Medians[highball] >= limit})
	return r
}

// shareAtLeast adds a target where the peer was measured as well.
func (r row) shareAtLeast(peer serverKind, whose string, limit float64) row {
	if value := r.Medians[peer]; value > 0 {
		r.Verdicts = append(r.Verdicts, verdict{"at least " + number(limit) + " of " + whose, r.Medians[highball]/value >= limit})
	}
	return r
}

// others are the columns that only some cases have, in the table's order.
func (r report) others() (kinds []serverKind) {
	for _, kind := range []serverKind{baseline, nginx, granian, uwsgi, bjoern, nethttp, bare, ideal} {
		for _, row := range r.Rows {
			if _, ok := row.Medians[kind]; ok {
				kinds = append(kinds, kind)
				break
			}
		}
	}
	return kinds
}

func (r report) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

func (r report) writeTable(w io.Writer) error {
	fmt.Fprintf(w, "%s\n\n%s\n\n", r.Machine, r.Options)
	others := r.others()
	fmt.Fprint(w, "| case | measure | highball | gunicorn | ratio |")
	for _, kind := range others {
		fmt.Fprintf(w, " %s |", kind)
	}
	fmt.Fprintf(w, " target | |\n|---|---|---:|---:|---:|%s---|---|\n", strings.Repeat("---:|", len(others)))
	for _, row := range r.Rows {
		if _, err := fmt.Fprintln(w, row.line(others)); err != nil {
			return err
		}
	}
	return nil
}

func (r row) line(others []serverKind) string {
	peer, ratio := "", ""
	if value, ok := r.Medians[gunicorn]; ok {
		peer, ratio = number(value), strconv.FormatFloat(r.ratio(), 'f', 2, 64)
	}
	line := fmt.Sprintf("| %s | %s, %s | %s | %s | %s |", r.Case, r.Measure, r.Unit, number(r.Medians[highball]), peer, ratio)
	for _, kind := range others {
		cell := ""
		if value, ok := r.Medians[kind]; ok {
			cell = number(value)
		}
		line += " " + cell + " |"
	}
	target, met := r.judged()
	return line + fmt.Sprintf(" %s | %s |", target, met)
}

func (r row) judged() (target, met string) {
	for i, v := range r.Verdicts {
		if i > 0 {
			target, met = target+"; ", met+"; "
		}
		target += v.Target
		if v.Met {
			met += "pass"
		} else {
			met += "**fail**"
		}
	}
	return target, met
}

// number prints as many digits as are worth reading.
func number(v float64) string {
	switch {
	case v >= 1000:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
