package android.app;

import android.content.Context;
import android.os.Bundle;
import android.view.View;
import java.io.File;

public class Activity extends Context {
  protected void onCreate(Bundle state) {
    System.out.println("Activity.onCreate");
  }

  @Override
  public File getFilesDir() {
    return new File(System.getProperty("files"));
  }

  public void setContentView(View view) {
    System.out.println("Activity.setContentView " + view.getClass().getName());
  }
}
