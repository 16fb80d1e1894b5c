/* SPDX-License-Identifier: MIT */
/* registers.h: the registers of file-drop, for its driver as well. All are 32 bits wide but NAME and DATA. */
#ifndef FILE_DROP_REGISTERS_H
#define FILE_DROP_REGISTERS_H

#define DROP_ID 0x000      /* reads DROP_MAGIC */
#define DROP_STATUS 0x004  /* DROP_READY ...; any other value is an error of the last command */
#define DROP_LENGTH 0x008  /* of the open file, low half, then high half */
#define DROP_OFFSET 0x010  /* where to read, low half, then high half */
#define DROP_COMMAND 0x018 /* DROP_OPEN or DROP_READ; ignored while busy */
#define DROP_COUNT 0x01c   /* how many bytes of DATA were read; fewer than DROP_DATA_SIZE at the file's end */
#define DROP_NAME 0x100    /* of the file to open, with a NUL */
#define DROP_NAME_SIZE 0x100
#define DROP_DATA 0x400
#define DROP_DATA_SIZE 0x400
#define DROP_WINDOW 0x800

#define DROP_MAGIC 0x504f5244u /* "DROP" */
#define DROP_OPEN 1
#define DROP_READ 2

#define DROP_READY 0
#define DROP_BUSY 1
#define DROP_NO_FILE 2 /* there is no such file, or none is open */
#define DROP_ERROR 3   /* it can't be read; or the helper process ended */

#endif
