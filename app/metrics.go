package app

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// metrics is everything that /metrics shows (docs/operators-guide.md).
func (a *App) metrics() *prometheus.Registry {
	r := prometheus.NewRegistry()
	gauge := func(name, help string, f func() float64) {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, f))
	}
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	gauge("wardline_polls_held", "Polls of devices that wait for an answer.", func() float64 { return float64(a.agents.Held()) })
	gauge("wardline_polls_allowed", "Polls that the limit on open files allows to be held.", func() float64 { return float64(a.load.Allows()) })
	gauge("wardline_device_connections", "Open connections of the device listener.", func() float64 { return float64(a.load.Open()) })
	gauge("wardline_wake_trusted", "1 while notifications of other servers arrive.", func() float64 {
		if a.hub.Trusted() {
			return 1
		}
		return 0
	})
	gauge("wardline_revocation_state_age_seconds", "Age of what this server knows about revocations.", func() float64 { return a.authority.StateAge().Seconds() })
	r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "wardline_wake_missed_total",
		Help: "Devices whose work nobody announced and the slow beat found. Must stay 0."}, func() float64 { return float64(a.hub.Missed()) }))
	return r
}
