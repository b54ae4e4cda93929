package kafkatest

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Metric returns the value of a metric without labels of our worker at the URL.
func Metric(ctx context.Context, url, name string) (float64, error) {
	text, err := Call(ctx, http.MethodGet, url+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, fmt.Errorf("%s/metrics shows no %s", url, name)
}
