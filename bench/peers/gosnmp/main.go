// Polls agents with gosnmp: BulkWalk of ifTable and ifXTable ("walk"), or the same twenty columns as Weir in GetBulk
// requests of three rows ("getbulk"). Prints polls, cells, seconds and CPU seconds. One connection an agent, kept; a round
// of polls before the clock starts.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gosnmp/gosnmp"
)

func cpuSeconds() float64 {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return float64(usage.Utime.Sec+usage.Stime.Sec) + float64(usage.Utime.Usec+usage.Stime.Usec)/1e6
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func agent(address string, port uint16, version string) *gosnmp.GoSNMP {
	client := &gosnmp.GoSNMP{
		Target: address, Port: port, Version: gosnmp.Version2c, Community: "public",
		Timeout: 5 * time.Second, Retries: 3, MaxOids: 60, MaxRepetitions: 20,
	}
	if version == "v3" {
		client.Version = gosnmp.Version3
		client.SecurityModel = gosnmp.UserSecurityModel
		client.MsgFlags = gosnmp.AuthPriv
		client.SecurityParameters = &gosnmp.UsmSecurityParameters{
			UserName: "poller", AuthenticationProtocol: gosnmp.SHA, AuthenticationPassphrase: "auth-passphrase",
			PrivacyProtocol: gosnmp.AES, PrivacyPassphrase: "priv-passphrase",
		}
	}
	check(client.Connect())
	return client
}

func walk(client *gosnmp.GoSNMP) (cells int) {
	for _, table := range []string{".1.3.6.1.2.1.2.2.1", ".1.3.6.1.2.1.31.1.1.1"} {
		check(client.BulkWalk(table, func(gosnmp.SnmpPDU) error { cells++; return nil }))
	}
	return cells
}

func getbulk(client *gosnmp.GoSNMP, columns []string) (cells int) {
	next := append([]string{}, columns...)
	for {
		reply, err := client.GetBulk(next, 0, 3)
		check(err)
		ended := false
		for i, variable := range reply.Variables {
			column := i % len(columns)
			if !strings.HasPrefix(variable.Name, columns[column]+".") {
				ended = true
				continue
			}
			next[column] = variable.Name
			cells++
		}
		if ended {
			return cells
		}
	}
}

// gosnmp polls-a-round in-flight version method address:port columns,…
func main() {
	polls, err := strconv.Atoi(os.Args[1])
	check(err)
	workers, err := strconv.Atoi(os.Args[2])
	check(err)
	version, method := os.Args[3], os.Args[4]
	place := strings.Split(os.Args[5], ":")
	port, err := strconv.ParseUint(place[1], 10, 16)
	check(err)
	columns := strings.Split(os.Args[6], ",")
	clients := make([]*gosnmp.GoSNMP, workers)
	for i := range clients {
		clients[i] = agent(place[0], uint16(port), version)
	}
	poll := func(client *gosnmp.GoSNMP) int {
		if method == "walk" {
			return walk(client)
		}
		return getbulk(client, columns)
	}
	run := func(each int) (cells int) {
		var wait sync.WaitGroup
		counts := make([]int, workers)
		for i := range clients {
			wait.Add(1)
			go func() {
				defer wait.Done()
				for range each {
					counts[i] += poll(clients[i])
				}
			}()
		}
		wait.Wait()
		for _, count := range counts {
			cells += count
		}
		return cells
	}
	run(1)
	cpu, started := cpuSeconds(), time.Now()
	cells := run(polls / workers)
	fmt.Println(polls/workers*workers, cells, time.Since(started).Seconds(), cpuSeconds()-cpu)
}
