/* voc-xml.h: the annotation of one picture as Pascal VOC writes it */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  char    *name;
  double   xmin, ymin, xmax, ymax; /* pixels from 1, both ends inside */
  gboolean difficult;
  int      line; /* where the object begins */
} EspVocObject;

typedef struct
{
  char   *filename;      /* (nullable): as it stands there */
  int     width, height; /* 0 where it does not say */
  GArray *objects;       /* of EspVocObject */
} EspVocPicture;

gboolean esp_voc_parse         (EspVocPicture *picture, /* (out caller-allocates) */
                                const char    *path,    /* for messages */
                                const char    *text,
                                gsize          n,
                                GError       **error);
void     esp_voc_picture_clear (EspVocPicture *picture);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspVocPicture, esp_voc_picture_clear)

G_END_DECLS
