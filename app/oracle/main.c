/* main.c: espalier-oracle CFG WEIGHTS INPUT RESULT LAYER…: lets libdarknet run a network once, in a process of its own
 *
 * libdarknet exits where a file is missing, crashes on a malformed one and runs what it does not know as something else, so whoever asks
 * has checked all of that before and takes nothing but a whole RESULT for an answer. CFG says batch=1 and subdivisions=1; INPUT is raw
 * float32. LAYER is a number, as darknet counts, or number:conv for what goes into its batch normalisation. */
#define G_LOG_DOMAIN "esp-oracle"
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/resource.h>

#include "result.h"

#define FIRST_WISH 5

/* Ends with whoever asked, who is the one that a Ctrl-C is for; leaves no core file of a crash that is expected. */
static void
guard (void)
{
  const struct rlimit none = { 0, 0 };

  prctl (PR_SET_PDEATHSIG, SIGKILL);
  signal (SIGINT, SIG_IGN);
  setrlimit (RLIMIT_CORE, &none);
}

static gboolean
read_wish (const char *word, Wish *wish)
{
  char *end = NULL;
  const guint64 layer = g_ascii_strtoull (word, &end, 10);

  *wish = (Wish){ (guint) layer, g_str_equal (end, ":conv") };
  return end != word && layer < G_MAXINT && (*end == '\0' || wish->before);
}

static gboolean
run (char **argv, const Wish *wishes, guint n_wishes)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *input = NULL;
  gsize bytes = 0;
  network *net;

  if (!g_file_get_contents (argv[3], &input, &bytes, &error))
    {
      g_printerr ("espalier-oracle: %s\n", error->message);
      return FALSE;
    }
  net = load_network (argv[1], argv[2], 0);
  if (net == NULL || net->batch != 1 || net->inputs <= 0 || (gsize) net->inputs * sizeof (float) != bytes)
    {
      g_printerr ("espalier-oracle: %s: %" G_GSIZE_FORMAT " bytes, which are not one input of %s\n", argv[3], bytes, argv[1]);
      return FALSE;
    }
  network_predict (net, (float *) (gpointer) input);
  return result_write (argv[4], net, wishes, n_wishes);
}

int
main (int argc, char **argv)
{
  const guint n = argc > FIRST_WISH ? (guint) (argc - FIRST_WISH) : 0;
  g_autofree Wish *wishes = g_new (Wish, n + 1);
  gboolean good = n > 0;

  for (guint i = 0; good && i < n; i++)
    good = read_wish (argv[FIRST_WISH + i], &wishes[i]);
  if (!good)
    {
      g_printerr ("Usage: espalier-oracle CFG WEIGHTS INPUT RESULT LAYER[:conv]…\n");
      return 2;
    }
  guard ();
  _exit (run (argv, wishes, n) ? EXIT_SUCCESS : EXIT_FAILURE); /* what libdarknet allocated goes with the process */
}
