package engagement

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// penalty keeps the traits from being believed before there are many posts: each counts about half with as many posts as this.
const penalty = 10

// farthest is how many standard deviations from the mean a trait is believed.
const farthest = 3

// model is a ridge regression: the mean of the values, and by how much each trait moves it.
type model struct {
	mean, low, high float64
	centers, scales []float64 // of the traits
	weights         []float64
}

// fit learns a model from rows of traits and their values; there is one of either at least.
func fit(rows [][]float64, values []float64) model {
	n, columns := float64(len(rows)), len(rows[0])
	m := model{centers: make([]float64, columns), scales: make([]float64, columns), weights: make([]float64, columns)}
	m.low, m.high = bounds(values)
	for _, v := range values {
		m.mean += v / n
	}
	for j := range columns {
		for _, r := range rows {
			m.centers[j] += r[j] / n
		}
		for _, r := range rows {
			m.scales[j] += (r[j] - m.centers[j]) * (r[j] - m.centers[j]) / n
		}
		m.scales[j] = math.Sqrt(m.scales[j])
	}
	products := mat.NewSymDense(columns, nil)
	right := mat.NewVecDense(columns, nil)
	for i, r := range rows {
		z := mat.NewVecDense(columns, m.standard(r))
		products.SymRankOne(products, 1, z)
		right.AddScaledVec(right, values[i]-m.mean, z)
	}
	for j := range columns {
		products.SetSym(j, j, products.At(j, j)+penalty)
	}
	var factors mat.Cholesky
	factors.Factorize(products) // which it can: with the penalty it is positive definite
	weights := mat.NewVecDense(columns, m.weights)
	if err := factors.SolveVecTo(weights, right); err != nil { // no answer is better than one that means nothing
		clear(m.weights)
	}
	return m
}

// standard are traits as distances from their means; what was always the same says nothing.
func (m model) standard(row []float64) []float64 {
	z := make([]float64, len(row))
	for j, v := range row {
		if m.scales[j] > 1e-9 {
			z[j] = min(max((v-m.centers[j])/m.scales[j], -farthest), farthest)
		}
	}
	return z
}

// parts is by how much each trait moves the mean.
func (m model) parts(row []float64) []float64 {
	parts := m.standard(row)
	for j := range parts {
		parts[j] *= m.weights[j]
	}
	return parts
}
