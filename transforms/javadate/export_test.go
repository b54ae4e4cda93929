package javadate

// SetCentury sets the first year of the hundred that years of two digits are in.
func SetCentury(f *Format, first int) { f.century = first }
