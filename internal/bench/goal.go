package bench

import (
	"errors"
	"fmt"
	"strconv"
)

// goal is a row of the table: something that is measured, and what it shall come to.
type goal struct {
	// name is the figure's in the last line of a run.
	name string
	what string
	// unit is that of all three numbers; "×" for a ratio.
	unit             string
	atLeast, stretch float64
	// less says that less is better: the goals are what it may be at most.
	less bool
}

// outcome is what a goal came to.
type outcome struct {
	goal  goal
	value float64
	// note says what the value was made of.
	note string
	// unknown is why there is no value; "" where there is one.
	unknown string
}

// verdict compares a value with its goals.
func (o outcome) verdict() verdict {
	reached := func(mark float64) bool {
		if o.goal.less {
			return o.value <= mark
		}
		return o.value >= mark
	}
	switch {
	case o.unknown != "":
		return unknown
	case reached(o.goal.stretch):
		return stretched
	case reached(o.goal.atLeast):
		return kept
	}
	return short
}

type verdict string

const (
	unknown   verdict = "unknown"
	short     verdict = "**short**"
	kept      verdict = "reached"
	stretched verdict = "stretch"
)

// row is the outcome in the table.
func (o outcome) row() string {
	value, note := number(o.value, o.goal.unit), o.note
	if o.unknown != "" {
		value, note = string(unknown), o.unknown
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s |\n", o.goal.what, value, number(o.goal.atLeast, o.goal.unit),
		number(o.goal.stretch, o.goal.unit), o.verdict(), note)
}

// number shows a value with three digits or more, and without zeros at its end.
func number(value float64, unit string) string {
	text := strconv.FormatFloat(value, 'f', digits(value), 64)
	if unit == "" {
		return text
	}
	return text + " " + unit
}

// digits are how many a number has after the point.
func digits(value float64) int {
	switch {
	case value >= 100, value == 0:
		return 0
	case value >= 10:
		return 1
	}
	return 2
}

var errNothing = errors.New("there is nothing to compare with: the reference did nothing")

// ratio says how many times as much a is as b.
func ratio(a, b float64) (float64, error) {
	if b <= 0 {
		return 0, errNothing
	}
	return a / b, nil
}
