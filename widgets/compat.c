/* compat.c: the one place that knows GTK's versions */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "compat.h"

/**
 * esp_compat_get_colour:
 * @widget: whose style is asked
 * @colour: (out): the text colour in force, so that own drawing follows light, dark and high contrast
 *
 * Thread: main.
 */
void
esp_compat_get_colour (GtkWidget *widget, GdkRGBA *colour)
{
#if GTK_CHECK_VERSION(4, 10, 0)
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
#endif
  gtk_style_context_get_color (gtk_widget_get_style_context (widget), colour);
#if GTK_CHECK_VERSION(4, 10, 0)
  G_GNUC_END_IGNORE_DEPRECATIONS
#endif
}

/**
 * esp_compat_get_accent:
 * @widget: whose style is asked
 * @colour: (out): the theme's accent, or its selection colour where it names none
 *
 * Thread: main.
 */
void
esp_compat_get_accent (GtkWidget *widget, GdkRGBA *colour)
{
#if GTK_CHECK_VERSION(4, 10, 0)
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
#endif
  GtkStyleContext *style = gtk_widget_get_style_context (widget);

  if (!gtk_style_context_lookup_color (style, "accent_color", colour)
      && !gtk_style_context_lookup_color (style, "theme_selected_bg_color", colour))
    gtk_style_context_get_color (style, colour);
#if GTK_CHECK_VERSION(4, 10, 0)
  G_GNUC_END_IGNORE_DEPRECATIONS
#endif
}

/**
 * esp_compat_load_css:
 * @display: the display to dress
 * @resource: path of a style sheet among the resources
 * @priority: as gtk_style_context_add_provider_for_display()
 *
 * Thread: main.
 */
void
esp_compat_load_css (GdkDisplay *display, const char *resource, guint priority)
{
  g_autoptr (GtkCssProvider) provider = gtk_css_provider_new ();

  gtk_css_provider_load_from_resource (provider, resource);
  gtk_style_context_add_provider_for_display (display, GTK_STYLE_PROVIDER (provider), priority);
}
