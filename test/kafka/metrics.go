package kafkatest

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Metrics returns the values of metrics without labels of our worker at the URL,
// in the order of the names.
func Metrics(ctx context.Context, url string, names ...string) ([]float64, error) {
	text, err := Call(ctx, http.MethodGet, url+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	found := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if v, err := strconv.ParseFloat(value, 64); err == nil {
			found[name] = v
		}
	}
	out := make([]float64, len(names))
	for i, name := range names {
		v, ok := found[name]
		if !ok {
			return nil, fmt.Errorf("%s/metrics shows no %s", url, name)
		}
		out[i] = v
	}
	return out, nil
}
