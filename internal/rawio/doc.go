// Package rawio reads and writes descriptors that never block without telling
// Go's scheduler, which has to be told of calls that may.
//
// The front runs on few processors, mostly one. A thread that the system takes off
// its processor within a system call looks to the scheduler as if the call
// blocked: the monitor gives the processor to another thread, wakes it, and looks
// again every 20 us. Beside busy workers that was a fifth of the front's time.
// It stops only if none of the frequent calls is announced, so that connections
// and pipes both go this way.
package rawio
