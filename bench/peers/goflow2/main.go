// Decodes a file of datagrams (each after its length, as bench/micro/flow-decode.ts writes them) with goflow2's decoders
// alone, one goroutine, and prints records, seconds and CPU seconds of each round.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/netsampler/goflow2/v2/decoders/netflow"
	"github.com/netsampler/goflow2/v2/decoders/netflowlegacy"
	"github.com/netsampler/goflow2/v2/decoders/sflow"
)

func cpuSeconds() float64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Sec+usage.Stime.Sec) + float64(usage.Utime.Usec+usage.Stime.Usec)/1e6
}

func decode(datagrams [][]byte) (records int) {
	templates := netflow.CreateTemplateSystem()
	for _, datagram := range datagrams {
		buffer := bytes.NewBuffer(datagram)
		switch binary.BigEndian.Uint16(datagram) {
		case 5:
			var packet netflowlegacy.PacketNetFlowV5
			check(netflowlegacy.DecodeMessageVersion(buffer, &packet))
			records += len(packet.Records)
		case 9, 10:
			var v9 netflow.NFv9Packet
			var ipfix netflow.IPFIXPacket
			check(netflow.DecodeMessageVersion(buffer, templates, &v9, &ipfix))
			for _, set := range append(v9.FlowSets, ipfix.FlowSets...) {
				if data, ok := set.(netflow.DataFlowSet); ok {
					records += len(data.Records)
				}
			}
		default:
			var packet sflow.Packet
			check(sflow.DecodeMessageVersion(buffer, &packet))
			records += len(packet.Samples)
		}
	}
	return records
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	runtime.GOMAXPROCS(1)
	content, err := os.ReadFile(os.Args[1])
	check(err)
	rounds := 7
	if len(os.Args) > 2 {
		rounds, err = strconv.Atoi(os.Args[2])
		check(err)
	}
	var datagrams [][]byte
	for len(content) > 0 {
		length := binary.BigEndian.Uint32(content)
		datagrams = append(datagrams, content[4:4+length])
		content = content[4+length:]
	}
	for round := 0; round < rounds; round++ {
		cpu, start := cpuSeconds(), time.Now()
		records := decode(datagrams)
		seconds := time.Since(start).Seconds()
		fmt.Printf("%d %.6f %.6f\n", records, seconds, cpuSeconds()-cpu)
	}
}
