//go:build !race

package h1

const raceDetector = false
