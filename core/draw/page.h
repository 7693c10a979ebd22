/* page.h: anything that is drawn on one page, to a file */
#pragma once

#include <cairo.h>
#include <glib.h>

G_BEGIN_DECLS

/* Pointers borrowed. */
typedef struct
{
  const char *caption;       /* (nullable): one sentence */
  const char *provenance;    /* (nullable): small print */
  double      width, height; /* points */
  /* On a page of this size, in units of @cr, in proportion to the one above. */
  void      (*draw) (gconstpointer data, cairo_t *cr, double width, double height);
  gconstpointer data;
} EspPage;

/* By the file's ending: .png (dpi and tEXt caption), .pdf, .svg. SOURCE_DATE_EPOCH gives identical bytes. Thread: any one. */
gboolean esp_page_save (const EspPage *page,
                        const char    *path,
                        GError       **error);

G_END_DECLS
