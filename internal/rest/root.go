package rest

import "net/http"

type serverInfo struct {
	Version        string `json:"version"`
	Commit         string `json:"commit"`
	KafkaClusterID string `json:"kafka_cluster_id"`
}

func (s *api) root(*request) (answer, error) {
	return ok(serverInfo{s.Version, s.Commit, s.Herder.ClusterID()})
}

type workerHealth struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

// health answers as KIP-1017 says.
func (s *api) health(*request) (answer, error) {
	state, text := s.Herder.Health()
	status := http.StatusOK
	switch state {
	case "starting":
		status = http.StatusServiceUnavailable
	case "unhealthy":
		status = http.StatusInternalServerError
	}
	return answer{status: status, body: workerHealth{state, text}}, nil
}
