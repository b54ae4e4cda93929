package javadate

import "strings"

const millisPerMinute = 60 * 1000

// zone reads an offset (+0100), one from GMT (GMT+1:00), or a name.
func (r *reader) zone() bool {
	switch c := r.text[r.at]; {
	case c == '+' || c == '-':
		r.at++
		return r.offset(c, 0, false)
	case !hasPrefixFold(r.text[r.at:], "GMT"):
		return r.zoneName()
	}
	r.at += len("GMT")
	if r.at < len(r.text) && (r.text[r.at] == '+' || r.text[r.at] == '-') {
		sign := r.text[r.at]
		r.at++
		return r.offset(sign, 0, true)
	}
	r.fields.set(zoneOffset, 0)
	return true
}

// isoZone reads Z or an offset of the form of so many letters X.
func (r *reader) isoZone(count int) bool {
	sign := r.text[r.at]
	r.at++
	switch sign {
	case 'Z':
		r.fields.set(zoneOffset, 0)
		return true
	case '+', '-':
		return r.offset(sign, count, count == 3)
	}
	return false
}

// offset reads hhmm or, with a colon, hh:mm or h:mm; count 1 has no minutes.
func (r *reader) offset(sign byte, count int, colon bool) bool {
	hours, ok := r.digits(1)
	if !ok {
		return false
	}
	if second, ok := r.digits(1); ok {
		hours = hours*10 + second
	} else if count > 0 || !colon {
		return false
	}
	if hours > 23 {
		return false
	}
	minutes := int64(0)
	if count != 1 {
		if colon {
			if r.at == len(r.text) || r.text[r.at] != ':' {
				return false
			}
			r.at++
		}
		if minutes, ok = r.digits(2); !ok || minutes > 59 {
			return false
		}
	}
	minutes += hours * 60
	if sign == '-' {
		minutes = -minutes
	}
	r.fields.set(zoneOffset, minutes*millisPerMinute)
	return true
}

// digits reads exactly n digits.
func (r *reader) digits(n int) (int64, bool) {
	if len(r.text)-r.at < n {
		return 0, false
	}
	v := int64(0)
	for i := range n {
		c := r.text[r.at+i]
		if !isDigit(c) {
			return 0, false
		}
		v = v*10 + int64(c-'0')
	}
	r.at += n
	return v, true
}

// zoneName reads a name of a time zone. Java knows some thousand; these are the
// ones that logs and mails are written with. Their offset does not depend on
// the date, as in Java.
func (r *reader) zoneName() bool {
	rest := r.text[r.at:]
	best := 0
	var offset int64
	for name, minutes := range zones() {
		if len(name) > best && hasPrefixFold(rest, name) {
			best, offset = len(name), minutes
		}
	}
	if best == 0 {
		return false
	}
	r.at += best
	r.fields.set(zoneOffset, offset*millisPerMinute)
	return true
}

// zones yields names with their offsets in minutes.
func zones() func(yield func(string, int64) bool) {
	const table = `UTC 0,WET 0,WEST 60,CET 60,CEST 120,MET 60,MEST 120,EET 120,EEST 180,BST 60,MSK 180,` +
		`EST -300,EDT -240,CST -360,CDT -300,MST -420,MDT -360,PST -480,PDT -420,AKST -540,AKDT -480,HST -600,` +
		`AST -240,ADT -180,NST -210,NDT -150,BRT -180,ART -180,SAST 120,CAT 120,EAT 180,WAT 60,` +
		`IST 120,PKT 300,GST 240,ICT 420,WIB 420,SGT 480,HKT 480,AWST 480,JST 540,KST 540,` +
		`ACST 570,AEST 600,AEDT 660,ChST 600,NZST 720,NZDT 780,SST -660,` +
		`Coordinated Universal Time 0,Greenwich Mean Time 0,British Summer Time 60,` +
		`Western European Time 0,Western European Summer Time 60,Central European Time 60,Central European Summer Time 120,` +
		`Eastern European Time 120,Eastern European Summer Time 180,Moscow Standard Time 180,` +
		`Eastern Standard Time -300,Eastern Daylight Time -240,Central Standard Time -360,Central Daylight Time -300,` +
		`Mountain Standard Time -420,Mountain Daylight Time -360,Pacific Standard Time -480,Pacific Daylight Time -420,` +
		`India Standard Time 330,Japan Standard Time 540,Korean Standard Time 540,Singapore Standard Time 480`
	return func(yield func(string, int64) bool) {
		for entry := range strings.SplitSeq(table, ",") {
			at := strings.LastIndexByte(entry, ' ')
			if !yield(entry[:at], minutesOf(entry[at+1:])) {
				return
			}
		}
	}
}

func minutesOf(text string) int64 {
	negative := text[0] == '-'
	n := int64(0)
	for _, c := range strings.TrimPrefix(text, "-") {
		n = n*10 + int64(c-'0')
	}
	if negative {
		return -n
	}
	return n
}
