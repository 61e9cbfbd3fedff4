package engagement

import (
	"math"
	"slices"
	"time"
)

// Forecast is what a post may come to.
type Forecast struct {
	Engagement float64
	Posts      int // that it was learned from
	// Error is by how much predictions for posts that were held out missed, on average: a tenth of the posts at a time, predicted by what
	// was learned from the others. PlainError is the same for the average of the others, said of each.
	Error, PlainError float64
	// Better is whether the traits tell more than that average, which is the Engagement where they do not.
	Better  bool
	Factors []Factor // in the order of the traits; none unless Better
}

// Factor is by what a trait of the post multiplies the average.
type Factor struct {
	Trait  string
	Factor float64
}

const (
	folds = 10
	// margin is how much less than PlainError the Error must be, and strict how many standard errors of the difference: traits that mean
	// nothing are better by chance, now and then, and with few posts by much.
	margin = 0.95
	strict = 2
)

// Predict learns from published posts, in any order, what the next may come to. There must be Least of them. Hours and weekdays are those
// of a zone.
//
// The model is ridge regression on the logarithm of the engagement, since posts differ by factors and a few come to very much: the
// average that it is compared with is one of logarithms too. Nothing is predicted beyond what the posts have come to.
func Predict(published []Published, next Post, zone *time.Location) Forecast {
	published = inOrder(published)
	rows, values := make([][]float64, len(published)), make([]float64, len(published))
	for i, p := range published {
		rows[i], values[i] = row(p.Post, zone), math.Log1p(max(p.Engagement, 0))
	}
	f := Forecast{Posts: len(published)}
	var deviation float64
	f.Error, f.PlainError, deviation = heldOut(rows, values)
	f.Better = f.Error < margin*f.PlainError && f.PlainError-f.Error > strict*deviation
	learned := fit(rows, values)
	if !f.Better {
		f.Engagement = math.Expm1(learned.mean)
		return f
	}
	parts := learned.parts(row(next, zone))
	f.Engagement = math.Expm1(learned.bounded(parts))
	for i, part := range parts {
		if i == 0 || traits[i] != traits[i-1] {
			f.Factors = append(f.Factors, Factor{Trait: traits[i]})
		}
		f.Factors[len(f.Factors)-1].Factor += part
	}
	for i := range f.Factors {
		f.Factors[i].Factor = math.Exp(f.Factors[i].Factor)
	}
	return f
}

// heldOut is by how much predictions for posts that were held out miss, on average, and by how much the average of the others does,
// with the standard error of the difference.
func heldOut(rows [][]float64, values []float64) (missed, plain, deviation float64) {
	gains := make([]float64, len(rows))
	for fold := range folds {
		var others [][]float64
		var theirs []float64
		for i := range rows {
			if i%folds != fold {
				others, theirs = append(others, rows[i]), append(theirs, values[i])
			}
		}
		learned := fit(others, theirs)
		for i := fold; i < len(rows); i += folds {
			is := math.Expm1(values[i])
			by, others := math.Abs(math.Expm1(learned.bounded(learned.parts(rows[i])))-is), math.Abs(math.Expm1(learned.mean)-is)
			missed, plain, gains[i] = missed+by, plain+others, others-by
		}
	}
	n := float64(len(rows))
	missed, plain = missed/n, plain/n
	squares := 0.0
	for _, gain := range gains {
		squares += (gain - (plain - missed)) * (gain - (plain - missed))
	}
	return missed, plain, math.Sqrt(squares / (n - 1) / n)
}

// bounded is what the parts come to, within what was learned from.
func (m model) bounded(parts []float64) float64 {
	sum := m.mean
	for _, part := range parts {
		sum += part
	}
	return min(max(sum, m.low), m.high)
}

// bounds are the least and the most of values.
func bounds(values []float64) (low, high float64) { return slices.Min(values), slices.Max(values) }
