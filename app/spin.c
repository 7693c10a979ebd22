/* spin.c: how long compute threads wait awake */
#define G_LOG_DOMAIN "esp-app"
#include "config.h"

#include "spin.h"

#include <stdlib.h>
#include <unistd.h>

/* Waiting loops of libgomp before a thread sleeps: some microseconds, longer than most gaps between two layers. Where nothing else runs,
 * 10000 are no faster; with another program on one of two processors, a forward of yolo-fastest-1.1-xl takes 13 ms with 500 and 80 ms with
 * 10000. */
#define SPINS "500"

/**
 * esp_spin_briefly:
 * @argv: of main, untouched
 *
 * A thread of OpenMP that waits for the others turns in a loop before it sleeps, by default for some milliseconds. Where another program
 * has the processor of the one it waits for, that keeps it from being run here: a forward then takes many times as long as its work.
 * libgomp reads its settings while it is loaded, so the program starts itself anew, as the same process, with a shorter turn. Settings of
 * the user's own (OMP_WAIT_POLICY, GOMP_SPINCOUNT) stay as they are; where starting anew fails, the program just goes on.
 *
 * Thread: main, first thing in main().
 */
void
esp_spin_briefly (char **argv)
{
  g_autofree char *self = NULL;

  if (g_getenv ("OMP_WAIT_POLICY") != NULL || g_getenv ("GOMP_SPINCOUNT") != NULL)
    return;
  self = g_file_read_link ("/proc/self/exe", NULL);
  if (self != NULL && setenv ("GOMP_SPINCOUNT", SPINS, FALSE) == 0)
    execv (self, argv);
}
