/* main.c: espalier: the desktop program */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "application.h"
#include "spin.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>

/* "No display" means that opening one fails, for Wayland and X alike. */
#define EXIT_NO_DISPLAY 3

static gboolean
asks_for (int argc, char **argv, const char *option)
{
  for (int i = 1; i < argc; i++)
    if (g_str_equal (argv[i], option))
      return TRUE;
  return FALSE;
}

int
main (int argc, char **argv)
{
  g_autoptr (EspApplication) application = NULL;

  esp_spin_briefly (argv);
  signal (SIGXFSZ, SIG_IGN); /* a file too large is an error of its writer, said in words */
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, ESP_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  if (!asks_for (argc, argv, "--version") && !asks_for (argc, argv, "--help") && !gtk_init_check ())
    {
      g_printerr ("espalier: no display could be opened; espalier-cli works without one\n");
      return EXIT_NO_DISPLAY;
    }
  application = esp_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
