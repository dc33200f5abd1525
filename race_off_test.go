//go:build !race

package highball

const raceDetector = false
