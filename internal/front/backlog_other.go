//go:build !linux

package front

func refuse(drainable) {}
