package enroll

import (
	"image"
	"image/color"
)

// framed is a picture with a white border of so many pixels.
type framed struct {
	image.Image
	border int
}

func (f framed) Bounds() image.Rectangle {
	b := f.Image.Bounds()
	return image.Rect(b.Min.X-f.border, b.Min.Y-f.border, b.Max.X+f.border, b.Max.Y+f.border)
}

func (f framed) At(x, y int) color.Color {
	if !(image.Point{X: x, Y: y}).In(f.Image.Bounds()) {
		return color.White
	}
	return f.Image.At(x, y)
}

func (f framed) ColorModel() color.Model { return color.GrayModel }
